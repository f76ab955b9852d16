from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.core.database import Database
from tests.client import Client, connect, make_app
from tests.problems import assert_is_problem
from tests.settings import make_settings

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
    page = {"page": 1, "size": 100, "total": 0, "pages": 0}
    assert response.json() == {"items": []} | page


@pytest.mark.parametrize("query", [{"page": 0}, {"size": 0}, {"size": 501}])
async def test_an_impossible_page_is_422(alice: Client, query: dict[str, int]) -> None:
    response = await alice.get(ITEMS, params=query)
    assert_is_problem(response, 422)
    assert response.json()["errors"][0]["loc"] == ["query", *query]


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
    kept = await alice.get(url)
    assert kept.json() == cleared.json()
    refused = await alice.patch(url, json={"name": None})
    assert_is_problem(refused, 422)


async def test_a_deleted_item_is_gone(alice: Client) -> None:
    item = await create(alice)
    url = f"{ITEMS}/{item['id']}"
    response = await alice.delete(url)
    assert response.status_code == 204
    assert response.content == b""
    again = await alice.delete(url)
    assert_is_problem(again, 404)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_item_is_404(alice: Client, method: str) -> None:
    body = {"name": "table"} if method == "PATCH" else None
    response = await alice.request(method, f"{ITEMS}/{uuid4()}", json=body)
    assert_is_problem(response, 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": 1}, "name"),
        ({"name": "x", "description": "x" * 2001}, "description"),
        ({"name": "x", "id": str(uuid4())}, "id"),
    ],
)
async def test_an_invalid_item_is_422_and_says_where(
    alice: Client, body: dict[str, str], field: str
) -> None:
    response = await alice.post(ITEMS, json=body)
    assert_is_problem(response, 422)
    assert [error["loc"] for error in response.json()["errors"]] == [["body", field]]
    listed = await alice.get(ITEMS)
    assert listed.json()["total"] == 0


async def test_rejected_input_is_never_repeated(alice: Client) -> None:
    secret = "correct-horse-battery-staple"
    response = await alice.post(ITEMS, json={"name": [secret], "description": 1})
    assert_is_problem(response, 422)
    assert secret not in response.text


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b" " * 1024 * 1024 + b"{}", "application/json", 413),
        (b'{"name": "x"}', "text/plain", 415),
    ],
    ids=["unfinished", "not UTF-8", "too long", "not JSON"],
)
async def test_a_body_that_cannot_be_read_is_refused(
    alice: Client, content: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    response = await alice.post(ITEMS, content=content, headers=headers)
    assert_is_problem(response, status)


async def test_one_request_too_many_is_429_and_says_when_to_come_back(
    alice: Client, migrated_url: str, database: Database
) -> None:
    settings = make_settings(migrated_url, rate_limit={"requests": "1/day"})
    client = connect(make_app(settings, database), **dict(alice.headers))
    last = await client.get(ITEMS)
    assert last.status_code == 200
    assert last.headers["ratelimit-limit"] == "1"
    assert last.headers["ratelimit-remaining"] == "0"
    assert int(last.headers["ratelimit-reset"]) >= 1
    response = await client.get(ITEMS)
    assert_is_problem(response, 429)
    assert int(response.headers["retry-after"]) >= 1
    assert response.headers["ratelimit-remaining"] == "0"
