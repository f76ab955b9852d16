"""Who manages keys: administrators, all of them."""

from __future__ import annotations

import pytest

from app.core.database import Database
from app.scopes.base import ADMIN
from app.scopes.items import ITEMS_READ, ITEMS_WRITE
from tests.client import App, Client
from tests.principals import make_key, with_key

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"


@pytest.mark.parametrize("wanted", [["items:read"], ["admin"]])
async def test_who_is_no_administrator_makes_no_key(
    admin: Client,
    alice: Client,
    wanted: list[str],
) -> None:
    before = await admin.get(KEYS)
    response = await alice.post(KEYS, json={"name": "more", "scopes": wanted})
    assert response.status_code == 403
    assert response.json()["code"] == "insufficient_scope"
    after = await admin.get(KEYS)
    assert after.json()["total"] == before.json()["total"]


async def test_who_is_no_administrator_manages_no_key_not_even_its_own(
    app: App,
    database: Database,
    alice: Client,
) -> None:
    made = await make_key(database, ITEMS_READ, ITEMS_WRITE)
    own = with_key(app, made.key)
    for caller in (own, alice):
        for method, path in (
            ("GET", KEYS),
            ("DELETE", f"{KEYS}/{made.id}"),
            ("POST", f"{KEYS}/{made.id}/rotate"),
        ):
            response = await caller.request(method, path)
            assert response.status_code == 403
    response = await own.get(ITEMS)
    assert response.status_code == 200


async def test_administrators_manage_keys_that_others_made(
    app: App,
    admin: Client,
    database: Database,
) -> None:
    other = await make_key(database, ADMIN)
    made = await with_key(app, other.key).post(
        KEYS, json={"name": "ci", "scopes": ["items:read"]}
    )
    page = await admin.get(KEYS)
    assert {made.json()["id"], str(other.id)} <= {
        key["id"] for key in page.json()["items"]
    }
    response = await admin.delete(f"{KEYS}/{made.json()['id']}")
    assert response.status_code == 204


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
