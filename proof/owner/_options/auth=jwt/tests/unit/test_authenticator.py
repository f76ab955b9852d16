"""Who is calling; no database is needed to test it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import pytest

from app.auth.authenticator import Authenticator
from app.auth.errors import (
    InvalidTokenError,
    NotAuthenticatedError,
)
from app.auth.tokens import issue_access_token
from app.core.settings.auth import AuthSettings
from app.errors import BadRequestError
from app.models.base import utc_now
from app.repositories.sessions import Access
from tests.settings import AUTH

if TYPE_CHECKING:
    from app.core.database import Session

USER, SESSION = uuid4(), uuid4()
NO_DATABASE = cast("Session", None)


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> dict[UUID, Access]:
    """Return the sessions that live; take the place of the database with them."""
    sessions = {SESSION: Access(USER, ["items:read"], utc_now())}

    async def find_access(_: Session, session_id: UUID) -> Access | None:
        return sessions.get(session_id)

    monkeypatch.setattr("app.auth.authenticator.find_access", find_access)
    return sessions


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return a clock that moves when it is told to."""
    clock = SimpleNamespace(now=1000.0)
    time: Any = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr("app.auth.authenticator.time", time)
    return clock


def settings(**changes: object) -> AuthSettings:
    return AuthSettings.model_validate(AUTH | changes)


def bearer(user_id: UUID = USER, session_id: UUID = SESSION) -> str:
    return f"Bearer {issue_access_token(settings(), user_id, session_id)}"


@pytest.mark.usefixtures("living")
async def test_a_token_stands_for_its_user_with_the_scopes_of_now() -> None:
    authenticator = Authenticator(settings())
    principal = await authenticator.authenticate(bearer(), NO_DATABASE)
    assert (principal.id, principal.scopes) == (
        USER,
        frozenset({"items:read"}),
    )


@pytest.mark.usefixtures("living")
@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_written_in_any_case(scheme: str) -> None:
    authenticator = Authenticator(settings())
    header = f"{scheme} {bearer().removeprefix('Bearer ')}"
    principal = await authenticator.authenticate(header, NO_DATABASE)
    assert principal.id == USER


@pytest.mark.usefixtures("living")
async def test_nothing_is_not_a_bad_token() -> None:
    with pytest.raises(NotAuthenticatedError):
        await Authenticator(settings()).authenticate(None, NO_DATABASE)


@pytest.mark.usefixtures("living")
@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi", "Token", bearer()[7:]],
)
async def test_anything_else_is_a_bad_token(header: str) -> None:
    with pytest.raises(InvalidTokenError):
        await Authenticator(settings()).authenticate(header, NO_DATABASE)


@pytest.mark.usefixtures("living")
async def test_two_headers_are_one_too_many() -> None:
    with pytest.raises(BadRequestError):
        await Authenticator(settings()).authenticate(
            f"{bearer()},{bearer()}",
            NO_DATABASE,
        )


@pytest.mark.usefixtures("living")
async def test_a_session_that_has_ended_gives_no_access() -> None:
    ended = bearer(session_id=uuid4())
    with pytest.raises(InvalidTokenError):
        await Authenticator(settings()).authenticate(ended, NO_DATABASE)


@pytest.mark.usefixtures("living")
async def test_a_token_must_name_the_user_whose_session_it_is() -> None:
    mixed = bearer(user_id=uuid4())
    with pytest.raises(InvalidTokenError):
        await Authenticator(settings()).authenticate(mixed, NO_DATABASE)


async def test_an_ended_session_is_noticed_at_once(
    living: dict[UUID, Access],
) -> None:
    authenticator = Authenticator(settings())
    await authenticator.authenticate(bearer(), NO_DATABASE)
    living.clear()
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(bearer(), NO_DATABASE)


async def test_the_cache_holds_for_its_time_and_not_longer(
    living: dict[UUID, Access],
    clock: SimpleNamespace,
) -> None:
    authenticator = Authenticator(settings(revocation_cache_seconds=30))
    known = await authenticator.authenticate(bearer(), NO_DATABASE)
    living.clear()
    clock.now += 29.9
    assert await authenticator.authenticate(bearer(), NO_DATABASE) is known
    clock.now += 0.1
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(bearer(), NO_DATABASE)


async def test_the_cache_is_not_prolonged_by_being_used(
    living: dict[UUID, Access],
    clock: SimpleNamespace,
) -> None:
    authenticator = Authenticator(settings(revocation_cache_seconds=30))
    for _ in range(3):
        await authenticator.authenticate(bearer(), NO_DATABASE)
        living.clear()
        clock.now += 10
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(bearer(), NO_DATABASE)


@pytest.mark.usefixtures("living", "clock")
async def test_the_cache_does_not_make_up_for_a_bad_token() -> None:
    authenticator = Authenticator(settings(revocation_cache_seconds=30))
    await authenticator.authenticate(bearer(), NO_DATABASE)
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(f"{bearer()}a", NO_DATABASE)


async def test_the_cache_does_not_grow_without_end(
    living: dict[UUID, Access],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.auth.authenticator._CACHED_PRINCIPALS", 2)
    authenticator = Authenticator(settings(revocation_cache_seconds=30))
    for _ in range(3):
        session_id = uuid4()
        living[session_id] = Access(USER, [], utc_now())
        header = bearer(session_id=session_id)
        await authenticator.authenticate(header, NO_DATABASE)
    # The third one made room, so an earlier one is asked for again.
    asked = set(living) - {session_id}
    living.clear()
    for forgotten in asked:
        with pytest.raises(InvalidTokenError):
            await authenticator.authenticate(
                bearer(session_id=forgotten),
                NO_DATABASE,
            )
