from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from app.core.database import Database
from app.models.item import Item
from app.repositories.items import SqlItemRepository
from tests.client import Client

ITEMS = "/api/v1/items"


async def create(client: Client, **fields: str | None) -> dict[str, Any]:
    response = await client.post(ITEMS, json={"name": "chair"} | fields)
    assert response.status_code == 201, response.text
    item: dict[str, Any] = response.json()
    return item


async def test_a_created_item_is_at_the_address_that_location_gives(
    alice: Client,
) -> None:
    response = await alice.post(ITEMS, json={"name": "chair", "description": "oak"})
    assert response.status_code == 201
    item = response.json()
    assert set(item) == {"id", "name", "description", "created_at", "updated_at"}
    assert item["created_at"].endswith("Z")
    found = await alice.get(response.headers["location"])
    assert found.status_code == 200
    assert found.json() == item


async def test_pages_hold_the_newest_first(alice: Client) -> None:
    for number in range(5):
        await create(alice, name=f"chair {number}")
    response = await alice.get(ITEMS, params={"page": 2, "size": 2})
    assert response.status_code == 200
    body = response.json()
    assert [item["name"] for item in body.pop("items")] == ["chair 2", "chair 1"]
    assert body == {"page": 2, "size": 2, "total": 5, "pages": 3}


async def test_a_page_holds_a_hundred_unless_told_otherwise(alice: Client) -> None:
    response = await alice.get(ITEMS)
    assert response.json() == {
        "items": [],
        "page": 1,
        "size": 100,
        "total": 0,
        "pages": 0,
    }


async def test_the_last_of_repeated_parameters_counts(alice: Client) -> None:
    response = await alice.get(f"{ITEMS}?size=1&unknown=1&size=2")
    assert response.status_code == 200
    assert response.json()["size"] == 2


async def test_only_the_fields_that_are_sent_change(alice: Client) -> None:
    item = await create(alice, description="oak")
    url = f"{ITEMS}/{item['id']}"
    response = await alice.patch(url, json={"name": "table"})
    assert response.status_code == 200
    changed = response.json()
    assert changed["updated_at"] > item["updated_at"]
    assert changed == item | {"name": "table", "updated_at": changed["updated_at"]}
    cleared = await alice.patch(url, json={"description": None})
    assert cleared.json()["description"] is None
    kept = await alice.get(url)
    assert kept.json() == cleared.json()


async def test_an_empty_change_changes_nothing(alice: Client) -> None:
    item = await create(alice)
    response = await alice.patch(f"{ITEMS}/{item['id']}", json={})
    assert response.status_code == 200
    assert response.json() == item


async def test_a_deleted_item_is_gone(alice: Client) -> None:
    item = await create(alice)
    url = f"{ITEMS}/{item['id']}"
    response = await alice.delete(url)
    assert response.status_code == 204
    assert response.content == b""
    again = await alice.delete(url)
    assert again.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_item_is_404(alice: Client, method: str) -> None:
    body = {"name": "table"} if method == "PATCH" else None
    response = await alice.request(method, f"{ITEMS}/{uuid4()}", json=body)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(("method", "status"), [("PATCH", 404), ("DELETE", 204)])
async def test_an_item_that_somebody_deletes_meanwhile_is_gone(
    alice: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    status: int,
) -> None:
    item = await create(alice)
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
    response = await alice.request(method, f"{ITEMS}/{item['id']}", json=body)
    assert response.status_code == status


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({}, ["body", "name"]),
        ({"name": ""}, ["body", "name"]),
        ({"name": "x" * 201}, ["body", "name"]),
        ({"name": "a\x00b"}, ["body", "name"]),
        ({"name": "\ud800"}, ["body", "name"]),
        ({"name": 1}, ["body", "name"]),
        ({"name": None}, ["body", "name"]),
        ({"name": "x", "description": "x" * 2001}, ["body", "description"]),
        ({"name": "x", "id": str(uuid4())}, ["body", "id"]),
        ({"name": "x", "owner_id": str(uuid4())}, ["body", "owner_id"]),
        ({"name": "x", "created_at": "2020-01-01"}, ["body", "created_at"]),
        ([], ["body"]),
        (None, ["body"]),
    ],
)
async def test_an_invalid_item_is_422_and_says_where(
    alice: Client,
    body: object,
    location: list[str],
) -> None:
    content = json.dumps(body)  # unlike the client's own, also of lone surrogates
    headers = {"Content-Type": "application/json"}
    response = await alice.post(ITEMS, content=content, headers=headers)
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == [location]
    listed = await alice.get(ITEMS)
    assert listed.json()["total"] == 0


async def test_a_name_can_be_changed_but_not_removed(alice: Client) -> None:
    item = await create(alice)
    response = await alice.patch(f"{ITEMS}/{item['id']}", json={"name": None})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "name"]


@pytest.mark.parametrize(
    "query",
    [
        {"page": 0},
        {"page": -1},
        {"page": 2**31},
        {"page": 10**30},
        {"page": "9" * 5000},
        {"page": "NaN"},
        {"size": 0},
        {"size": 501},
        {"size": ""},
    ],
)
async def test_an_impossible_page_is_422(
    alice: Client,
    query: dict[str, int | str],
) -> None:
    response = await alice.get(ITEMS, params=query)
    assert response.status_code == 422
    name = next(iter(query))
    assert response.json()["errors"][0]["loc"] == ["query", name]
