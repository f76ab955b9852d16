"""Who may call which operation of items."""

from __future__ import annotations

from app.scopes.items import ITEMS_READ, ITEMS_WRITE
from tests.client import Client
from tests.operations import scopes_of


async def test_reading_and_changing_items_need_a_scope_each(client: Client) -> None:
    assert await scopes_of(client, "/api/v1/items") == {
        ("post", "/api/v1/items"): [ITEMS_WRITE],
        ("get", "/api/v1/items"): [ITEMS_READ],
        ("get", "/api/v1/items/{item_id}"): [ITEMS_READ],
        ("patch", "/api/v1/items/{item_id}"): [ITEMS_WRITE],
        ("delete", "/api/v1/items/{item_id}"): [ITEMS_WRITE],
    }
