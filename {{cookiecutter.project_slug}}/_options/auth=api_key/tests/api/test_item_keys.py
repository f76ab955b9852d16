"""Items belong to the caller that a key stands for."""

from __future__ import annotations

from tests.client import App, Client
from tests.principals import with_key

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"


async def test_a_rotated_key_keeps_its_items(app: App, admin: Client) -> None:
    body = {"name": "ci", "scopes": ["items:read", "items:write"]}
    response = await admin.post(KEYS, json=body)
    old = response.json()
    item = await with_key(app, old["key"]).post(ITEMS, json={"name": "chair"})
    response = await admin.post(f"{KEYS}/{old['id']}/rotate", json={})
    new = response.json()
    found = await with_key(app, new["key"]).get(item.headers["location"])
    assert found.json() == item.json()
