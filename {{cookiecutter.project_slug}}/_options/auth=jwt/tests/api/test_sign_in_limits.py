"""Guessing passwords is slow (OWASP ASVS 6.3.1, NIST SP 800-63B-4 section 3.2.2)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from httpx2 import Response

from app.core.database import Database
from app.core.settings import Settings
from tests.accounts import AUTH_URL, ME, PASSWORD, add_user
from tests.client import App, Client, connect
from tests.settings import make_settings

ADA = "ada@example.org"
WRONG_PASSWORD = "a wrong password"


@pytest.fixture
def settings(migrated_url: str) -> Settings:
    return make_settings(migrated_url, trusted_proxies="127.0.0.1")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return the clock of the limits, which stands still unless it is set."""
    clock = SimpleNamespace(now=1_800_000_030.0)
    monkeypatch.setattr("time.time", lambda: clock.now)
    return clock


async def log_in(app: App, password: str, *, address: str = "192.0.2.1") -> Response:
    client = connect(app, x_forwarded_for=address)
    body = {"email": ADA, "password": password}
    return await client.post(f"{AUTH_URL}/login", json=body)


async def fail(app: App, times: int) -> None:
    for _ in range(times):
        response = await log_in(app, WRONG_PASSWORD)
        assert response.status_code == 401


def assert_is_limited(response: Response) -> None:
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["code"] == "too_many_requests"


async def test_the_eleventh_failure_in_a_minute_is_429(
    app: App, database: Database, clock: SimpleNamespace
) -> None:
    await add_user(database, ADA)
    await fail(app, 10)
    for password in (WRONG_PASSWORD, PASSWORD):
        assert_is_limited(await log_in(app, password))
    elsewhere = await log_in(app, PASSWORD, address="192.0.2.2")
    assert elsewhere.status_code == 200
    clock.now += 120
    later = await log_in(app, PASSWORD)
    assert later.status_code == 200


async def test_a_success_forgives_failures(app: App, database: Database) -> None:
    await add_user(database, ADA)
    for _ in range(3):
        await fail(app, 9)
        response = await log_in(app, PASSWORD)
        assert response.status_code == 200


async def test_a_stolen_token_does_not_help_to_guess_the_password(
    alice: Client,
) -> None:
    for _ in range(10):
        body = {"current_password": WRONG_PASSWORD}
        response = await alice.request("DELETE", ME, json=body)
        assert response.status_code == 403
    response = await alice.request("DELETE", ME, json={"current_password": PASSWORD})
    assert_is_limited(response)
