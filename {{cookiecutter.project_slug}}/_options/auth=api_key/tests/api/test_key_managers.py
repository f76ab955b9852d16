"""Who manages keys: administrators, all of them."""

from __future__ import annotations

from app.core.database import Database
from app.scopes import ADMIN
from tests.client import App, Client
from tests.operations import scopes_of
from tests.principals import holding, make_key, with_key

KEYS = "/api/v1/api-keys"


async def test_only_administrators_manage_keys(client: Client) -> None:
    assert await scopes_of(client, KEYS) == {
        ("post", KEYS): [ADMIN],
        ("get", KEYS): [ADMIN],
        ("delete", "/api/v1/api-keys/{api_key_id}"): [ADMIN],
        ("post", "/api/v1/api-keys/{api_key_id}/rotate"): [ADMIN],
    }


async def test_a_key_does_not_manage_itself(app: App, database: Database) -> None:
    made = await make_key(database)
    caller = with_key(app, made.key)
    revoked = await caller.delete(f"{KEYS}/{made.id}")
    rotated = await caller.post(f"{KEYS}/{made.id}/rotate", json={})
    for response in (revoked, rotated):
        assert response.status_code == 403
        assert response.json()["code"] == "insufficient_scope"


async def test_administrators_manage_keys_that_others_created(
    app: App, database: Database, admin: Client
) -> None:
    other = await holding(app, database, ADMIN)
    response = await other.post(KEYS, json={"name": "ci", "scopes": ["admin"]})
    created = response.json()
    listed = await admin.get(KEYS)
    assert created["id"] in {key["id"] for key in listed.json()["items"]}
    revoked = await admin.delete(f"{KEYS}/{created['id']}")
    assert revoked.status_code == 204
    refused = await with_key(app, created["key"]).get(KEYS)
    assert refused.status_code == 401
