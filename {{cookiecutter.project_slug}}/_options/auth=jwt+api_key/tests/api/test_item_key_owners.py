"""Items belong to the user that a key stands for."""

from __future__ import annotations

from tests.client import App, Client
from tests.principals import with_key


async def test_a_key_stands_for_its_owner(app: App, alice: Client) -> None:
    item = await alice.post("/api/v1/items", json={"name": "chair"})
    new = {"name": "ci", "scopes": ["items:read"]}
    made = await alice.post("/api/v1/api-keys", json=new)
    key = made.json()["key"]
    found = await with_key(app, key).get(item.headers["location"])
    assert found.json() == item.json()
