"""Ways around the limits of logins, which do not help."""

from __future__ import annotations

from functools import partial

import pytest
from httpx2 import Response
from sqlalchemy import select

from app.auth.hashing_queue import HashingQueue
from app.core.database import Database
from app.core.settings import Settings
from app.errors import UnavailableError
from app.models.user import User
from tests.accounts import (
    AUTH_URL,
    ME,
    PASSWORD,
    add_user,
    change_user,
    register,
    signed_in,
)
from tests.client import App, Client, all_at_once, connect, make_app
from tests.settings import AUTH, make_settings

LOGIN = f"{AUTH_URL}/login"
ADA = "ada@example.org"
NEW_PASSWORD = "another password for tests"


@pytest.fixture
def settings(migrated_url: str) -> Settings:
    return make_settings(migrated_url, trusted_proxies="127.0.0.1")


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the limits."""
    monkeypatch.setattr("time.time", lambda: 1_800_000_030.0)


@pytest.fixture
async def registered(database: Database) -> str:
    """Return the address of an account."""
    await add_user(database, ADA)
    return ADA


def from_address(app: App, address: str) -> Client:
    return connect(app, x_forwarded_for=address)


async def log_in(client: Client, password: str, email: str = ADA) -> Response:
    return await client.post(LOGIN, json={"email": email, "password": password})


async def fail(client: Client, times: int) -> None:
    for _ in range(times):
        response = await log_in(client, "a wrong password")
        assert response.status_code == 401


def assert_is_limited(response: Response) -> None:
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["code"] == "too_many_requests"


@pytest.mark.usefixtures("registered")
async def test_another_account_is_not_affected(app: App) -> None:
    client = from_address(app, "192.0.2.1")
    await fail(client, 10)
    response = await log_in(client, "a wrong password", "bob@example.org")
    assert response.status_code == 401


async def test_an_unknown_account_is_limited_like_a_known_one(
    app: App,
    registered: str,
) -> None:
    for number, email in enumerate((registered, "nobody@example.org")):
        client = from_address(app, f"192.0.2.{number}")
        for _ in range(10):
            response = await log_in(client, "a wrong password", email)
            assert response.status_code == 401
        response = await log_in(client, "a wrong password", email)
        assert_is_limited(response)


@pytest.mark.usefixtures("registered")
async def test_other_spellings_of_the_account_do_not_help(app: App) -> None:
    client = from_address(app, "192.0.2.1")
    await fail(client, 10)
    for email in (ADA.upper(), ADA.title()):
        response = await log_in(client, PASSWORD, email)
        assert_is_limited(response)


@pytest.mark.usefixtures("registered")
async def test_an_address_that_is_forged_through_a_proxy_does_not_help(
    app: App,
) -> None:
    for number in range(10):
        client = from_address(app, f"198.51.100.{number}, 192.0.2.1")
        await fail(client, 1)
    client = from_address(app, "198.51.100.99, 192.0.2.1")
    response = await log_in(client, PASSWORD)
    assert_is_limited(response)


@pytest.mark.usefixtures("registered")
async def test_other_addresses_of_an_ipv6_network_do_not_help(app: App) -> None:
    for number in range(10):
        await fail(from_address(app, f"2001:db8::{number}:1"), 1)
    response = await log_in(from_address(app, "[2001:db8::ffff]:4711"), PASSWORD)
    assert_is_limited(response)
    neighbour = await log_in(from_address(app, "2001:db8:0:1::1"), PASSWORD)
    assert neighbour.status_code == 200


async def test_a_forged_address_does_not_help_where_no_proxy_is_trusted(
    database: Database,
    migrated_url: str,
) -> None:
    app = make_app(make_settings(migrated_url), database)
    for number in range(10):
        await fail(from_address(app, f"198.51.100.{number}"), 1)
    for header in ("x_forwarded_for", "x_real_ip", "forwarded"):
        client = connect(app, **{header: "198.51.100.99"})
        response = await log_in(client, PASSWORD)
        assert_is_limited(response)


async def test_failures_of_one_account_from_many_addresses_are_limited(
    database: Database, migrated_url: str
) -> None:
    auth = AUTH | {"attempts_per_account": "3/day"}
    settings = make_settings(migrated_url, auth=auth, trusted_proxies="127.0.0.1")
    app = make_app(settings, database)
    for number in range(3):
        await fail(from_address(app, f"192.0.2.{number}"), 1)
    response = await log_in(from_address(app, "192.0.2.99"), PASSWORD)
    assert_is_limited(response)


async def test_attackers_elsewhere_do_not_lock_the_user_out(
    database: Database, migrated_url: str
) -> None:
    await add_user(database, ADA)
    auth = AUTH | {"attempts_per_account": "3/day"}
    settings = make_settings(migrated_url, auth=auth, trusted_proxies="127.0.0.1")
    app = make_app(settings, database)
    home = from_address(app, "2001:db8::1")
    first = await log_in(home, PASSWORD)
    assert first.status_code == 200
    for number in range(3):
        await fail(from_address(app, f"192.0.2.{number}"), 1)
    assert_is_limited(await log_in(from_address(app, "192.0.2.99"), PASSWORD))
    # From the same network, where failures have a count of their own:
    for client in (home, from_address(app, "2001:db8::2")):
        again = await log_in(client, PASSWORD)
        assert again.status_code == 200
    await fail(home, 3)
    assert_is_limited(await log_in(home, PASSWORD))


async def test_attackers_do_not_keep_a_signed_in_user_from_a_new_password(
    database: Database, migrated_url: str
) -> None:
    auth = AUTH | {"attempts_per_account": "3/day"}
    settings = make_settings(migrated_url, auth=auth, trusted_proxies="127.0.0.1")
    app = make_app(settings, database)
    signed_in_client = await signed_in(app, database, ADA)
    for number in range(3):
        await fail(from_address(app, f"192.0.2.{number}"), 1)
    body = {"current_password": PASSWORD, "new_password": "another one for tests"}
    changed = await signed_in_client.put(f"{ME}/password", json=body)
    assert changed.status_code == 204


async def test_of_many_guesses_at_once_no_more_are_answered_than_one_by_one(
    settings: Settings, committing_database: Database
) -> None:
    await add_user(committing_database, ADA)
    client = from_address(make_app(settings, committing_database), "192.0.2.1")
    responses = await all_at_once([partial(log_in, client, "a wrong password")] * 30)
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [401] * 10 + [429] * 20


@pytest.mark.usefixtures("registered")
async def test_successes_are_not_counted(app: App) -> None:
    client = from_address(app, "192.0.2.1")
    for _ in range(12):
        response = await log_in(client, PASSWORD)
        assert response.status_code == 200


async def test_the_network_of_a_registration_counts_as_one_of_a_login(
    database: Database, migrated_url: str
) -> None:
    auth = AUTH | {"attempts_per_account": "3/day"}
    settings = make_settings(migrated_url, auth=auth, trusted_proxies="127.0.0.1")
    app = make_app(settings, database)
    home = from_address(app, "192.0.2.1")
    await register(home, ADA)
    await fail(from_address(app, "192.0.2.2"), 3)
    response = await log_in(home, PASSWORD)
    assert response.status_code == 200


async def test_a_login_that_is_refused_for_another_reason_is_a_failure(
    app: App, database: Database
) -> None:
    await add_user(database, ADA)
    await change_user(database, ADA, is_active=False)
    client = from_address(app, "192.0.2.1")
    for _ in range(10):
        response = await log_in(client, PASSWORD)
        assert response.status_code == 401
    assert_is_limited(await log_in(client, PASSWORD))


async def test_a_login_that_found_no_place_in_the_queue_is_no_failure(
    app: App, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise UnavailableError

    await add_user(database, ADA)
    client = from_address(app, "192.0.2.1")
    with monkeypatch.context() as busy:
        busy.setattr(HashingQueue, "run", refuse)
        for _ in range(11):
            response = await log_in(client, "a wrong password")
            assert response.status_code == 503
    response = await log_in(client, PASSWORD)
    assert response.status_code == 200


async def test_a_thief_of_a_token_does_not_keep_its_user_from_changing_the_password(
    app: App, alice: Client
) -> None:
    headers = {"authorization": alice.headers["authorization"]}
    thief = connect(app, x_forwarded_for="192.0.2.66", **headers)
    wrong = {"current_password": "a wrong password", "new_password": NEW_PASSWORD}
    for _ in range(10):
        response = await thief.put(f"{ME}/password", json=wrong)
        assert response.status_code == 403
    assert_is_limited(await thief.put(f"{ME}/password", json=wrong))
    right = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    response = await alice.put(f"{ME}/password", json=right)
    assert response.status_code == 204


async def test_the_latest_networks_are_kept(app: App, database: Database) -> None:
    await add_user(database, ADA)
    async with database.transaction(readonly=True) as session:
        before = await session.scalar(select(User.updated_at))
    for number in (*range(22), 5):
        response = await log_in(from_address(app, f"192.0.2.{number}"), PASSWORD)
        assert response.status_code == 200
    async with database.transaction(readonly=True) as session:
        user = await session.scalar(select(User))
    assert user is not None
    latest = [*range(2, 5), *range(6, 22), 5]
    assert user.sign_in_networks == [f"192.0.2.{number}" for number in latest]
    assert user.updated_at == before


async def test_the_right_current_password_forgives_wrong_ones(alice: Client) -> None:
    wrong = {"email": "other@example.org", "current_password": "a wrong password"}
    for email in ("first@example.org", "second@example.org"):
        for _ in range(9):
            response = await alice.patch(ME, json=wrong)
            assert response.status_code == 403
        right = {"email": email, "current_password": PASSWORD}
        response = await alice.patch(ME, json=right)
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("register", {"email": ADA, "password": "passwordpassword"}, 422),
        ("login", {"email": ADA, "password": PASSWORD}, 401),
        ("refresh", {"refresh_token": "unknown"}, 401),
    ],
)
async def test_one_address_cannot_try_everything(
    database: Database,
    migrated_url: str,
    path: str,
    body: dict[str, str],
    status: int,
) -> None:
    settings = make_settings(
        migrated_url,
        auth=AUTH | {"attempts_per_address": "3/minute"},
        trusted_proxies="127.0.0.1",
    )
    app = make_app(settings, database)
    client = from_address(app, "192.0.2.1")
    url = f"{AUTH_URL}/{path}"
    statuses = []
    for _ in range(4):
        response = await client.post(url, json=body)
        statuses.append(response.status_code)
    assert statuses == [status, status, status, 429]
    assert_is_limited(response)
    elsewhere = await from_address(app, "192.0.2.2").post(url, json=body)
    assert elsewhere.status_code == status
