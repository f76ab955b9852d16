"""Unknown query parameters are refused, as unknown fields of a body are."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from tests.client import Client

ITEMS = "/api/v1/items"
ITEM = f"{ITEMS}/{UUID(int=0)}"


def unknown(name: str) -> dict[str, object]:
    return {
        "loc": ["query", name],
        "msg": "Extra inputs are not permitted",
        "type": "extra_forbidden",
    }


async def test_every_route_that_anybody_may_call_refuses_them(alice: Client) -> None:
    document = await alice.get("/openapi.json")
    for path, methods in document.json()["paths"].items():
        address = re.sub(r"\{\w+\}", str(UUID(int=0)), path)
        for method, operation in methods.items():
            assert "422" in operation["responses"]
            response = await alice.request(method, address, params={"a": 1})
            assert response.status_code in {422, 403}, path
            if response.status_code == 422:
                assert unknown("a") in response.json()["errors"], path


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=50", ["limit"]),
        ("limit", ["limit"]),
        ("limit=", ["limit"]),
        ("=1", [""]),
        ("Page=1", ["Page"]),
        ("page[]=1", ["page[]"]),
        ("page%00=1", ["page\x00"]),
        ("%ff=1", ["\ufffd"]),
        ("offset=1&offset=2", ["offset"]),
        ("page=1&size=2&b=1&a=1", ["b", "a"]),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_each_is_named(
    alice: Client, method: str, query: str, names: list[str]
) -> None:
    response = await alice.request(method, f"{ITEMS}?{query}")
    assert response.status_code == 422
    if method == "GET":
        assert response.json()["errors"] == [unknown(name) for name in names]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", ITEMS, 200), ("GET", f"{ITEMS}?", 200), ("GET", f"{ITEM}?&", 404)],
)
async def test_an_empty_query_string_is_none(
    alice: Client, method: str, path: str, status: int
) -> None:
    response = await alice.request(method, path)
    assert response.status_code == status


async def test_they_are_named_with_all_that_is_wrong(alice: Client) -> None:
    response = await alice.get(f"{ITEMS}?size=0&limit=1")
    found = [error["loc"] for error in response.json()["errors"]]
    assert found == [["query", "size"], ["query", "limit"]]
    response = await alice.patch(f"{ITEMS}/x?limit=1", json={"a": 1})
    found = [error["loc"] for error in response.json()["errors"]]
    assert found == [["query", "limit"], ["path", "item_id"], ["body", "a"]]


async def test_nothing_is_written_by_a_request_that_has_one(alice: Client) -> None:
    response = await alice.post(f"{ITEMS}?dry_run=1", json={"name": "chair"})
    assert response.status_code == 422
    response = await alice.get(ITEMS)
    assert response.json()["total"] == 0


async def test_a_long_name_is_not_repeated(alice: Client) -> None:
    response = await alice.get(f"{ITEMS}?{'x' * 5000}=1")
    assert response.json()["errors"] == [unknown("x" * 100)]
