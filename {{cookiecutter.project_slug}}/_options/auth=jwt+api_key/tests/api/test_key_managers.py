"""Keys belong to users and never exceed what their owners may do."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.core.database import Database
from app.scopes.base import ADMIN
from tests.accounts import ME, PASSWORD, add_user, change_user
from tests.client import App, Client
from tests.principals import ADMIN_ONLY, with_key

ADMIN_EMAIL = "admin@example.org"
KEYS = "/api/v1/api-keys"
NEW = {"name": "ci", "scopes": ["admin"]}


@pytest.fixture
async def created(admin: Client) -> dict[str, Any]:
    """Return a key that the administrator created."""
    response = await admin.post(KEYS, json=NEW)
    key: dict[str, Any] = response.json()
    return key


@pytest.fixture
def key_client(app: App, created: dict[str, Any]) -> Client:
    """Return a client that sends the administrator's key."""
    return with_key(app, created["key"])


async def test_a_key_stands_for_its_owner(admin: Client, key_client: Client) -> None:
    by_token, by_key = [await caller.get(ME) for caller in (admin, key_client)]
    assert by_key.json() == by_token.json()


async def test_keys_of_others_are_as_if_they_did_not_exist(
    alice: Client, created: dict[str, Any]
) -> None:
    listed = await alice.get(KEYS)
    assert listed.json()["total"] == 0
    for api_key_id in (created["id"], uuid4()):
        revoked = await alice.delete(f"{KEYS}/{api_key_id}")
        rotated = await alice.post(f"{KEYS}/{api_key_id}/rotate", json={})
        assert (revoked.status_code, rotated.status_code) == (404, 404)


async def test_nobody_creates_a_key_that_may_do_more_than_they_may(
    alice: Client,
) -> None:
    response = await alice.post(KEYS, json=NEW)
    assert response.status_code == 403
    assert 'scope="admin"' in response.headers["www-authenticate"]


async def test_a_key_manages_no_keys(
    key_client: Client,
    created: dict[str, Any],
) -> None:
    for response in (
        await key_client.get(KEYS),
        await key_client.post(KEYS, json=NEW),
        await key_client.delete(f"{KEYS}/{created['id']}"),
        await key_client.post(f"{KEYS}/{created['id']}/rotate", json={}),
    ):
        assert response.status_code == 403
        assert response.json()["code"] == "bearer_required"


@pytest.mark.parametrize(
    ("changes", "status"), [({"scopes": []}, 403), ({"is_active": False}, 401)]
)
async def test_a_demoted_or_disabled_owner_takes_the_key_down_at_once(
    database: Database, key_client: Client, *, changes: dict[str, Any], status: int
) -> None:
    await change_user(database, ADMIN_EMAIL, **changes)
    response = await key_client.get(ADMIN_ONLY)
    assert response.status_code == status


async def test_a_deleted_owner_takes_the_keys_along(
    admin: Client, key_client: Client, database: Database
) -> None:
    await add_user(database, "other@example.org", [ADMIN])  # the last one has to stay
    body = {"current_password": PASSWORD}
    deleted = await admin.request("DELETE", ME, json=body)
    assert deleted.status_code == 204
    response = await key_client.get(ME)
    assert response.status_code == 401
