"""Refresh tokens: used twice, odd, kept, and forgotten (RFC 9700 section 4.14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from httpx2 import Response
from sqlalchemy import select

from app.auth.tokens import refresh_token_hash
from app.core.database import Database
from app.models.base import utc_now
from app.models.session import RefreshToken, UserSession
from tests.accounts import AUTH_URL, Tokens, add_user, has_access, log_in, refresh
from tests.client import App, Client, connect, make_app
from tests.settings import AUTH, make_settings

ADA = "ada@example.org"
DAY = timedelta(days=1)

type Clock = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a function that sets the sessions' clock, which stands still."""
    started = utc_now()

    def set_clock(ahead: timedelta) -> None:
        for module in ("app.services.sessions", "app.repositories.sessions"):
            monkeypatch.setattr(f"{module}.utc_now", lambda: started + ahead)

    set_clock(timedelta(0))
    return set_clock


@pytest.fixture
async def tokens(client: Client, database: Database) -> Tokens:
    """Return the tokens of a session that has just started."""
    await add_user(database, ADA)
    return await log_in(client, ADA)


def assert_is_refused(response: Response) -> None:
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith("Bearer realm=")
    assert challenge.endswith('error="invalid_token"')


async def test_refresh_tokens_are_kept_as_hashes(
    client: Client,
    database: Database,
    tokens: Tokens,
) -> None:
    renewed = await refresh(client, tokens)
    issued = {tokens["refresh_token"], renewed.json()["refresh_token"]}
    async with database.transaction(readonly=True) as session:
        rows = await session.scalars(select(RefreshToken.token_hash))
        assert set(rows) == {refresh_token_hash(token) for token in issued}


async def test_reuse_ends_no_other_session_of_the_account(
    app: App,
    client: Client,
    tokens: Tokens,
) -> None:
    other = await log_in(client, ADA)
    for _ in range(2):
        await refresh(client, tokens)
    assert not await has_access(app, tokens)
    assert await has_access(app, other)


async def test_of_two_refreshes_the_second_is_reuse_even_if_its_clock_is_behind(
    app: App,
    client: Client,
    set_clock: Clock,
    tokens: Tokens,
) -> None:
    set_clock(timedelta(seconds=1))
    first = await refresh(client, tokens)
    assert first.status_code == 200
    set_clock(timedelta(0))
    second = await refresh(client, tokens)
    assert_is_refused(second)
    assert not await has_access(app, first.json())


async def test_logout_works_with_any_token_of_the_session(
    app: App,
    client: Client,
    tokens: Tokens,
) -> None:
    renewed = await refresh(client, tokens)
    body = {"refresh_token": tokens["refresh_token"]}
    await client.post(f"{AUTH_URL}/logout", json=body)
    assert not await has_access(app, renewed.json())


@pytest.mark.parametrize("path", ["refresh", "logout"])
@pytest.mark.parametrize(
    "body",
    [
        {"refresh_token": None},
        {"refresh_token": ""},
        {"refresh_token": 1},
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
    response = await refresh(client, {"refresh_token": token})
    assert_is_refused(response)


async def test_a_token_is_good_for_its_own_purpose_only(
    app: App,
    client: Client,
    tokens: Tokens,
) -> None:
    swapped = {"access_token": tokens["refresh_token"]}
    assert not await has_access(app, swapped)
    # An access token is longer than any refresh token.
    response = await refresh(client, {"refresh_token": tokens["access_token"]})
    assert response.status_code == 422
    response = await refresh(client, {"refresh_token": tokens["access_token"][:128]})
    assert_is_refused(response)
    assert await has_access(app, tokens)


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize(("drawn", "left"), [(0, 1), (1, 2), (99, 2)])
async def test_one_login_in_a_hundred_deletes_sessions_that_are_over(
    client: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    *,
    set_clock: Clock,
    drawn: int,
    left: int,
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: drawn)
    set_clock(14 * DAY)
    newest = await log_in(client, ADA)
    async with database.transaction(readonly=True) as session:
        sessions = await session.scalars(select(UserSession.id))
        hashes = await session.scalars(select(RefreshToken.token_hash))
        assert len(sessions.all()) == left
        kept = set(hashes)
        assert len(kept) == left
        assert refresh_token_hash(newest["refresh_token"]) in kept


async def test_a_session_is_never_idle_for_longer_than_it_may_live(
    app: App, database: Database, migrated_url: str, set_clock: Clock
) -> None:
    await add_user(database, ADA)
    auth = AUTH | {"refresh_absolute_seconds": 60}
    short = connect(make_app(make_settings(migrated_url, auth=auth), database))
    tokens = await log_in(short, ADA)
    for seconds, living in ((59, True), (60, False)):
        set_clock(timedelta(seconds=seconds))
        assert await has_access(app, tokens) is living
