"""Staying signed in, and signing out (RFC 9700 section 4.14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from httpx2 import Response

from app.core.database import Database
from app.models.base import utc_now
from tests.accounts import AUTH_URL, Tokens, add_user, has_access, log_in, refresh
from tests.client import App, Client, connect, make_app
from tests.settings import AUTH, make_settings

ADA = "ada@example.org"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

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


async def log_out(client: Client, refresh_token: str) -> None:
    body = {"refresh_token": refresh_token}
    response = await client.post(f"{AUTH_URL}/logout", json=body)
    assert response.status_code == 204
    assert response.content == b""


def assert_is_refused(response: Response) -> None:
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_refresh_renews_tokens(app: App, client: Client, tokens: Tokens) -> None:
    response = await refresh(client, tokens)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    renewed = response.json()
    assert set(renewed) == set(tokens)
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert renewed["access_token"] != tokens["access_token"]
    assert await has_access(app, renewed)
    assert await has_access(app, tokens)


async def test_a_reused_refresh_token_revokes_its_family(
    app: App, client: Client, tokens: Tokens
) -> None:
    renewed = await refresh(client, tokens)
    newest = await refresh(client, renewed.json())
    stolen = await refresh(client, tokens)
    assert_is_refused(stolen)
    after = await refresh(client, newest.json())
    assert_is_refused(after)
    for issued in (tokens, renewed.json(), newest.json()):
        assert not await has_access(app, issued)


async def test_within_the_leeway_a_used_refresh_token_works_again(
    database: Database, migrated_url: str, set_clock: Clock, tokens: Tokens
) -> None:
    auth = AUTH | {"refresh_leeway_seconds": 10}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    client = connect(app)
    first = await refresh(client, tokens)
    for seconds, status in ((10, 200), (11, 401)):
        set_clock(timedelta(seconds=seconds))
        response = await refresh(client, tokens)
        assert response.status_code == status
        assert await has_access(app, first.json()) == (status == 200)


async def test_a_session_that_is_idle_for_too_long_ends(
    app: App, client: Client, set_clock: Clock, tokens: Tokens
) -> None:
    set_clock(14 * DAY - MINUTE)
    assert await has_access(app, tokens)
    set_clock(14 * DAY)
    assert not await has_access(app, tokens)
    response = await refresh(client, tokens)
    assert_is_refused(response)


async def test_refreshing_keeps_a_session_alive_up_to_its_absolute_limit(
    app: App, client: Client, set_clock: Clock, tokens: Tokens
) -> None:
    newest = tokens
    for days in range(10, 90, 10):
        set_clock(days * DAY)
        response = await refresh(client, newest)
        assert response.status_code == 200
        newest = response.json()
    set_clock(90 * DAY - MINUTE)
    assert await has_access(app, newest)
    set_clock(90 * DAY)
    assert not await has_access(app, newest)
    response = await refresh(client, newest)
    assert_is_refused(response)


async def test_logout_ends_the_session_at_once(
    app: App, client: Client, tokens: Tokens
) -> None:
    renewed = await refresh(client, tokens)
    await log_out(client, renewed.json()["refresh_token"])
    for issued in (tokens, renewed.json()):
        assert not await has_access(app, issued)
        response = await refresh(client, issued)
        assert_is_refused(response)


async def test_logout_ends_no_other_session(
    app: App,
    client: Client,
    tokens: Tokens,
) -> None:
    other = await log_in(client, ADA)
    await log_out(client, tokens["refresh_token"])
    assert await has_access(app, other)


async def test_logout_can_be_repeated_and_takes_unknown_tokens(
    client: Client, tokens: Tokens
) -> None:
    for token in (tokens["refresh_token"], tokens["refresh_token"], "unknown"):
        await log_out(client, token)


@pytest.mark.parametrize("path", ["refresh", "logout"])
@pytest.mark.parametrize("body", [{}, {"refresh_token": "a" * 129}])
async def test_what_is_no_refresh_token_is_422(
    client: Client, path: str, body: dict[str, object]
) -> None:
    response = await client.post(f"{AUTH_URL}/{path}", json=body)
    assert response.status_code == 422
