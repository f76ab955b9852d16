"""Whom keys stand for."""

from __future__ import annotations

from app.core.database import Database
from app.scopes import ADMIN
from tests.client import App, Client
from tests.principals import make_key, with_key

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"


async def test_each_key_is_a_caller_of_its_own(app: App, admin: Client) -> None:
    body = {"name": "ci", "scopes": ["items:read", "items:write"]}
    first, second = [await admin.post(KEYS, json=body) for _ in range(2)]
    one, other = (with_key(app, made.json()["key"]) for made in (first, second))
    await one.post(ITEMS, json={"name": "chair"})
    for caller in (other, admin):
        listed = await caller.get(ITEMS)
        assert listed.json()["total"] == 0


async def test_an_administrator_can_revoke_itself(
    app: App,
    database: Database,
) -> None:
    made = await make_key(database, ADMIN)
    own = with_key(app, made.key)
    response = await own.delete(f"{KEYS}/{made.id}")
    assert response.status_code == 204
    response = await own.get(KEYS)
    assert response.status_code == 401
