"""Keys and the accounts that own them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.core.database import Database
from app.repositories.api_keys import SqlApiKeyRepository
from tests.accounts import ME, PASSWORD, change_user
from tests.client import App, Client
from tests.principals import with_key

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"
USERS = "/api/v1/users"
ALICE = "alice@example.org"
BOTH = ["items:read", "items:write"]


async def made_by(client: Client, *scopes: str) -> dict[str, Any]:
    body = {"name": "ci", "scopes": list(scopes) or BOTH}
    response = await client.post(KEYS, json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def id_of(client: Client) -> str:
    response = await client.get(ME)
    user_id: str = response.json()["id"]
    return user_id


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "{id}"), ("POST", "{id}/rotate")]
)
async def test_somebody_elses_key_is_404_like_a_missing_one(
    app: App,
    admin: Client,
    alice: Client,
    bob: Client,
    *,
    method: str,
    path: str,
) -> None:
    made = await made_by(alice)
    body: dict[str, object] | None = {} if method == "POST" else None
    told = []
    for api_key_id in (made["id"], str(UUID(int=0))):
        url = f"{KEYS}/{path.format(id=api_key_id)}"
        for other in (bob, admin):
            response = await other.request(method, url, json=body)
            problem = response.json()
            del problem["request_id"]
            told.append((response.status_code, problem))
    assert told == [told[0]] * 4
    assert told[0][0] == 404
    response = await with_key(app, made["key"]).get(ITEMS)
    assert response.status_code == 200


async def test_a_demoted_owner_takes_the_key_down_at_once(
    app: App,
    admin: Client,
    alice: Client,
) -> None:
    made = await made_by(alice)
    caller = with_key(app, made["key"])
    url = f"{USERS}/{await id_of(alice)}"
    await admin.patch(url, json={"scopes": ["items:read"]})
    read = await caller.get(ITEMS)
    written = await caller.post(ITEMS, json={"name": "chair"})
    assert (read.status_code, written.status_code) == (200, 403)
    await admin.patch(url, json={"scopes": []})
    read = await caller.get(ITEMS)
    assert read.status_code == 403
    await admin.patch(url, json={"scopes": BOTH})
    written = await caller.post(ITEMS, json={"name": "chair"})
    assert written.status_code == 201


async def test_a_key_of_a_demoted_administrator_is_none_of_an_administrator(
    app: App,
    database: Database,
    alice: Client,
) -> None:
    await change_user(database, ALICE, scopes=["admin"])
    made = await made_by(alice, "admin")
    caller = with_key(app, made["key"])
    written = await caller.post(ITEMS, json={"name": "chair"})
    assert written.status_code == 201
    await change_user(database, ALICE, scopes=["items:read"])
    read = await caller.get(ITEMS)
    written = await caller.post(ITEMS, json={"name": "chair"})
    assert (read.status_code, written.status_code) == (200, 403)
    rotated = await alice.post(f"{KEYS}/{made['id']}/rotate", json={})
    assert rotated.status_code == 403


async def test_a_promoted_owner_does_not_make_the_key_do_more(
    app: App,
    database: Database,
    alice: Client,
) -> None:
    made = await made_by(alice, "items:read")
    await change_user(database, ALICE, scopes=["admin"])
    written = await with_key(app, made["key"]).post(ITEMS, json={"name": "chair"})
    assert written.status_code == 403


async def test_a_disabled_owner_takes_the_key_down_at_once(
    app: App,
    admin: Client,
    alice: Client,
) -> None:
    made = await made_by(alice)
    caller = with_key(app, made["key"])
    url = f"{USERS}/{await id_of(alice)}"
    await admin.patch(url, json={"is_active": False})
    response = await caller.get(ITEMS)
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    await admin.patch(url, json={"is_active": True})
    response = await caller.get(ITEMS)
    assert response.status_code == 200


async def test_nothing_is_kept_of_the_keys_of_a_deleted_owner(
    database: Database,
    alice: Client,
) -> None:
    await made_by(alice)
    body = {"current_password": PASSWORD}
    await alice.request("DELETE", ME, json=body)
    async with database.transaction(readonly=True) as session:
        kept = await SqlApiKeyRepository(session).count()
    assert kept == 0


async def test_a_new_password_does_not_end_a_key(
    app: App,
    alice: Client,
) -> None:
    made = await made_by(alice)
    change = {"current_password": PASSWORD, "new_password": "another one for tests"}
    response = await alice.put(f"{ME}/password", json=change)
    assert response.status_code == 204
    response = await with_key(app, made["key"]).get(ITEMS)
    assert response.status_code == 200


@pytest.mark.parametrize("field", ["owner_id", "user_id", "user", "email"])
async def test_a_key_cannot_be_made_for_somebody_else(
    alice: Client,
    bob: Client,
    field: str,
) -> None:
    extra = {field: await id_of(bob)}
    body = {"name": "ci", "scopes": BOTH} | extra
    response = await alice.post(KEYS, json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", field], "extra_forbidden")
    listed = await bob.get(KEYS)
    assert listed.json()["total"] == 0
