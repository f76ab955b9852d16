"""Staying signed in, and signing out (RFC 9700 section 4.14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import select

from app.auth.tokens import refresh_token_hash
from app.core.database import Database
from app.models.base import utc_now
from app.models.session import RefreshToken, UserSession
from tests.accounts import AUTH_URL, ME, log_in, register, with_token
from tests.client import App, Client, connect, make_app
from tests.settings import AUTH, make_settings

ADA = "ada@example.org"
DAY = timedelta(days=1)

type Clock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a function that sets the sessions' clock, which stands still."""
    started = utc_now()

    def set_clock(ahead: timedelta) -> None:
        for module in ("app.services.sessions", "app.repositories.sessions"):
            monkeypatch.setattr(f"{module}.utc_now", lambda: started + ahead)

    set_clock(timedelta(0))
    return set_clock


@pytest.fixture
async def tokens(client: Client, set_clock: Clock) -> dict[str, Any]:
    """Return the tokens of a session that has just started."""
    set_clock(timedelta(0))
    await register(client, ADA)
    return await log_in(client, ADA)


async def refresh(client: Client, refresh_token: str) -> Response:
    body = {"refresh_token": refresh_token}
    return await client.post(f"{AUTH_URL}/refresh", json=body)


async def log_out(client: Client, refresh_token: str) -> None:
    body = {"refresh_token": refresh_token}
    response = await client.post(f"{AUTH_URL}/logout", json=body)
    assert response.status_code == 204
    assert response.content == b""


async def has_access(app: App, tokens: dict[str, Any]) -> bool:
    response = await with_token(app, tokens).get(ME)
    assert response.status_code in {200, 401}
    return response.status_code == 200


def assert_is_refused(response: Response) -> None:
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith("Bearer realm=")
    assert challenge.endswith('error="invalid_token"')


async def test_a_refresh_gives_new_tokens_of_the_same_session(
    app: App,
    client: Client,
    database: Database,
    tokens: dict[str, Any],
) -> None:
    response = await refresh(client, tokens["refresh_token"])
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    renewed = response.json()
    assert set(renewed) == set(tokens)
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert renewed["access_token"] != tokens["access_token"]
    assert await has_access(app, renewed)
    assert await has_access(app, tokens)
    async with database.transaction(readonly=True) as session:
        sessions = await session.scalars(select(UserSession.id))
        assert len(sessions.all()) == 1


async def test_refresh_tokens_are_kept_as_hashes(
    client: Client,
    database: Database,
    tokens: dict[str, Any],
) -> None:
    renewed = await refresh(client, tokens["refresh_token"])
    issued = {tokens["refresh_token"], renewed.json()["refresh_token"]}
    async with database.transaction(readonly=True) as session:
        rows = await session.scalars(select(RefreshToken.token_hash))
        assert set(rows) == {refresh_token_hash(token) for token in issued}


async def test_a_reused_refresh_token_revokes_its_family(
    app: App,
    client: Client,
    tokens: dict[str, Any],
) -> None:
    renewed = await refresh(client, tokens["refresh_token"])
    newest = await refresh(client, renewed.json()["refresh_token"])
    stolen = await refresh(client, tokens["refresh_token"])
    assert_is_refused(stolen)
    after = await refresh(client, newest.json()["refresh_token"])
    assert_is_refused(after)
    for issued in (tokens, renewed.json(), newest.json()):
        assert not await has_access(app, issued)


async def test_reuse_ends_no_other_session_of_the_account(
    app: App,
    client: Client,
    tokens: dict[str, Any],
) -> None:
    other = await log_in(client, ADA)
    for _ in range(2):
        await refresh(client, tokens["refresh_token"])
    assert not await has_access(app, tokens)
    assert await has_access(app, other)


async def test_of_two_refreshes_the_second_is_reuse_even_if_its_clock_is_behind(
    app: App,
    client: Client,
    set_clock: Clock,
    tokens: dict[str, Any],
) -> None:
    set_clock(timedelta(seconds=1))
    first = await refresh(client, tokens["refresh_token"])
    assert first.status_code == 200
    set_clock(timedelta(0))
    second = await refresh(client, tokens["refresh_token"])
    assert_is_refused(second)
    assert not await has_access(app, first.json())


@pytest.fixture
def lenient(migrated_url: str, database: Database) -> App:
    """Return an application that lets clients refresh twice within ten seconds."""
    auth = AUTH | {"refresh_leeway_seconds": 10}
    limits = {"enabled": False}
    settings = make_settings(migrated_url, auth=auth, rate_limit=limits)
    return make_app(settings, database)


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (10, 200), (11, 401)])
async def test_leeway_lets_a_client_refresh_twice_at_once(
    lenient: App,
    set_clock: Clock,
    tokens: dict[str, Any],
    seconds: int,
    status: int,
) -> None:
    client = connect(lenient)
    first = await refresh(client, tokens["refresh_token"])
    set_clock(timedelta(seconds=seconds))
    second = await refresh(client, tokens["refresh_token"])
    assert second.status_code == status
    assert await has_access(lenient, first.json()) == (status == 200)


async def test_leeway_is_not_prolonged_by_being_used(
    lenient: App,
    set_clock: Clock,
    tokens: dict[str, Any],
) -> None:
    client = connect(lenient)
    statuses = []
    for seconds in (0, 8, 16):
        set_clock(timedelta(seconds=seconds))
        response = await refresh(client, tokens["refresh_token"])
        statuses.append(response.status_code)
    assert statuses == [200, 200, 401]


async def test_a_session_that_is_idle_for_too_long_ends(
    app: App,
    client: Client,
    set_clock: Clock,
    tokens: dict[str, Any],
) -> None:
    set_clock(14 * DAY - timedelta(seconds=60))
    assert await has_access(app, tokens)
    set_clock(14 * DAY)
    assert not await has_access(app, tokens)
    response = await refresh(client, tokens["refresh_token"])
    assert_is_refused(response)


async def test_refreshing_keeps_a_session_alive_up_to_its_absolute_limit(
    app: App,
    client: Client,
    set_clock: Clock,
    tokens: dict[str, Any],
) -> None:
    newest = tokens
    for days in range(10, 90, 10):
        set_clock(days * DAY)
        response = await refresh(client, newest["refresh_token"])
        assert response.status_code == 200
        newest = response.json()
    set_clock(90 * DAY - timedelta(seconds=60))
    assert await has_access(app, newest)
    set_clock(90 * DAY)
    assert not await has_access(app, newest)
    response = await refresh(client, newest["refresh_token"])
    assert_is_refused(response)


async def test_logout_ends_refresh_and_access_at_once(
    app: App,
    client: Client,
    tokens: dict[str, Any],
) -> None:
    renewed = await refresh(client, tokens["refresh_token"])
    await log_out(client, renewed.json()["refresh_token"])
    for issued in (tokens, renewed.json()):
        assert not await has_access(app, issued)
        response = await refresh(client, issued["refresh_token"])
        assert_is_refused(response)


async def test_logout_works_with_any_token_of_the_session(
    app: App,
    client: Client,
    tokens: dict[str, Any],
) -> None:
    renewed = await refresh(client, tokens["refresh_token"])
    await log_out(client, tokens["refresh_token"])
    assert not await has_access(app, renewed.json())


async def test_logout_can_be_repeated_and_takes_unknown_tokens(
    client: Client,
    tokens: dict[str, Any],
) -> None:
    for token in (tokens["refresh_token"], tokens["refresh_token"], "unknown"):
        await log_out(client, token)


async def test_logout_ends_no_other_session(
    app: App,
    client: Client,
    tokens: dict[str, Any],
) -> None:
    other = await log_in(client, ADA)
    await log_out(client, tokens["refresh_token"])
    assert await has_access(app, other)


@pytest.mark.parametrize("path", ["refresh", "logout"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"refresh_token": None},
        {"refresh_token": ""},
        {"refresh_token": 1},
        {"refresh_token": "a" * 129},
        {"token": "a"},
    ],
)
async def test_what_is_no_refresh_token_is_422(
    client: Client,
    path: str,
    body: dict[str, object],
) -> None:
    response = await client.post(f"{AUTH_URL}/{path}", json=body)
    assert response.status_code == 422


@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_half_a_character_is_no_failure_of_ours(
    client: Client,
    path: str,
) -> None:
    content = rb'{"refresh_token": "\ud800"}'
    headers = {"Content-Type": "application/json"}
    url = f"{AUTH_URL}/{path}"
    response = await client.post(url, content=content, headers=headers)
    assert response.status_code == 422


@pytest.mark.parametrize("token", ["unknown", "é", "🔑", "\x00", "a" * 128])
async def test_an_unknown_refresh_token_is_refused(client: Client, token: str) -> None:
    response = await refresh(client, token)
    assert_is_refused(response)


async def test_a_token_is_good_for_its_own_purpose_only(
    app: App,
    client: Client,
    tokens: dict[str, Any],
) -> None:
    swapped = {"access_token": tokens["refresh_token"]}
    assert not await has_access(app, swapped)
    # An access token is longer than any refresh token.
    response = await refresh(client, tokens["access_token"])
    assert response.status_code == 422
    response = await refresh(client, tokens["access_token"][:128])
    assert_is_refused(response)
    assert await has_access(app, tokens)


async def test_a_login_now_and_then_forgets_sessions_that_are_over(
    client: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    set_clock: Clock,
    tokens: dict[str, Any],
) -> None:
    assert tokens
    monkeypatch.setattr("app.services.sessions._PURGE_EVERY", 1)
    set_clock(14 * DAY)
    newest = await log_in(client, ADA)
    async with database.transaction(readonly=True) as session:
        sessions = await session.scalars(select(UserSession.id))
        hashes = await session.scalars(select(RefreshToken.token_hash))
        assert len(sessions.all()) == 1
        assert hashes.all() == [refresh_token_hash(newest["refresh_token"])]
