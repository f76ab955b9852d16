from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import delete

from app.core.database import Database
from app.models.item import Item
from app.repositories.items import SqlItemRepository
from tests.client import Client

ITEMS = "/api/v1/items"


@pytest.mark.parametrize(("method", "status"), [("PATCH", 404), ("DELETE", 204)])
async def test_an_item_that_somebody_deletes_meanwhile_is_gone(
    alice: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    status: int,
) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    find = SqlItemRepository.find

    async def find_and_lose(
        items: SqlItemRepository,
        owner_id: UUID,
        item_id: UUID,
    ) -> Item | None:
        found = await find(items, owner_id, item_id)
        async with database.transaction() as session:
            await session.execute(delete(Item))
        return found

    monkeypatch.setattr(SqlItemRepository, "find", find_and_lose)
    body = {"name": "table"} if method == "PATCH" else None
    response = await alice.request(method, made.headers["location"], json=body)
    assert response.status_code == status


async def test_an_empty_change_changes_nothing(alice: Client) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    response = await alice.patch(made.headers["location"], json={})
    assert response.status_code == 200
    assert response.json() == made.json()
