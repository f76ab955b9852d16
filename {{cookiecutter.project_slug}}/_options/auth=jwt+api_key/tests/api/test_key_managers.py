"""Keys belong to users, never exceed what these may do, and reach no account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.core.database import Database
from app.models.base import utc_now
from app.models.session import UserSession
from app.scopes import ADMIN
from app.services.key_confirmation import RECENT
from tests.accounts import ME, PASSWORD, add_user, can_log_in, change_user
from tests.client import App, Client
from tests.operations import operations
from tests.principals import use, with_key

ADMIN_EMAIL = "admin@example.org"
KEYS = "/api/v1/api-keys"
NEW = {"name": "ci", "scopes": ["admin"]}
CONFIRMATION = {"current_password": PASSWORD}


@pytest.fixture
async def created(admin: Client) -> dict[str, Any]:
    """Return a key that the administrator created."""
    response = await admin.post(KEYS, json=NEW)
    key: dict[str, Any] = response.json()
    return key


async def let_sessions_age(database: Database) -> None:
    """Let all logins be too long ago to confirm anything."""
    login = utc_now() - RECENT - timedelta(seconds=1)
    async with database.transaction() as session:
        await session.execute(update(UserSession).values(created_at=login))


async def test_keys_of_others_are_as_if_they_did_not_exist(
    alice: Client, created: dict[str, Any]
) -> None:
    listed = await alice.get(KEYS)
    assert listed.json()["total"] == 0
    for api_key_id in (created["id"], uuid4()):
        revoked = await alice.delete(f"{KEYS}/{api_key_id}")
        url = f"{KEYS}/{api_key_id}/rotate"
        rotated = await alice.post(url, json={})
        assert (revoked.status_code, rotated.status_code) == (404, 404)


async def test_nobody_creates_a_key_that_may_do_more_than_they_may(
    alice: Client,
) -> None:
    response = await alice.post(KEYS, json=NEW)
    assert response.status_code == 403
    assert 'scope="admin"' in response.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("confirmation", "code"),
    [
        ({}, "confirmation_required"),
        ({"current_password": "a wrong password"}, "wrong_password"),
    ],
)
async def test_long_after_login_an_access_token_alone_makes_no_key(
    admin: Client,
    database: Database,
    created: dict[str, Any],
    confirmation: dict[str, str],
    code: str,
) -> None:
    await let_sessions_age(database)
    made = await admin.post(KEYS, json=NEW | confirmation)
    url = f"{KEYS}/{created['id']}/rotate"
    rotated = await admin.post(url, json=confirmation)
    for response in (made, rotated):
        assert (response.status_code, response.json()["code"]) == (403, code)
    listed = await admin.get(KEYS)
    assert [key["id"] for key in listed.json()["items"]] == [created["id"]]


async def test_the_password_confirms_long_after_login(
    admin: Client, database: Database, created: dict[str, Any]
) -> None:
    await let_sessions_age(database)
    made = await admin.post(KEYS, json=NEW | CONFIRMATION)
    url = f"{KEYS}/{created['id']}/rotate"
    rotated = await admin.post(url, json=CONFIRMATION)
    assert (made.status_code, rotated.status_code) == (201, 201)


@pytest.mark.parametrize("below", ["/api/v1/users", KEYS])
async def test_a_key_reaches_neither_accounts_nor_keys(
    app: App, client: Client, created: dict[str, Any], below: str
) -> None:
    caller = with_key(app, created["key"])
    for operation in await operations(client, below):
        response = await operation.call(caller)
        assert response.status_code == 403, operation.path
        assert response.json()["code"] == "bearer_required"


async def test_a_key_does_not_change_its_owner_even_with_the_password(
    app: App, client: Client, created: dict[str, Any]
) -> None:
    caller = with_key(app, created["key"])
    email = CONFIRMATION | {"email": "eve@example.org"}
    password = CONFIRMATION | {"new_password": "another password for tests"}
    for response in (
        await caller.patch(ME, json=email),
        await caller.put(f"{ME}/password", json=password),
        await caller.request("DELETE", ME, json=CONFIRMATION),
    ):
        assert response.status_code == 403
    assert await can_log_in(client, ADMIN_EMAIL)


@pytest.mark.parametrize(
    ("changes", "status"), [({"scopes": []}, 403), ({"is_active": False}, 401)]
)
async def test_a_demoted_or_disabled_owner_takes_the_key_down_at_once(
    app: App,
    database: Database,
    created: dict[str, Any],
    *,
    changes: dict[str, Any],
    status: int,
) -> None:
    await change_user(database, ADMIN_EMAIL, **changes)
    response = await use(app, created["key"])
    assert response.status_code == status


async def test_a_deleted_owner_takes_the_keys_along(
    app: App, admin: Client, created: dict[str, Any], database: Database
) -> None:
    await add_user(database, "other@example.org", [ADMIN])  # the last one has to stay
    body = {"current_password": PASSWORD}
    deleted = await admin.request("DELETE", ME, json=body)
    assert deleted.status_code == 204
    response = await use(app, created["key"])
    assert response.status_code == 401
