"""What belongs to somebody else is as if it did not exist (OWASP API1)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from tests.client import Client

ITEMS = "/api/v1/items"

REQUESTS: dict[str, dict[str, Any]] = {
    "GET": {},
    "HEAD": {},
    "PATCH": {"json": {"name": "mine"}},
    "DELETE": {},
}


@pytest.fixture
async def chair(alice: Client) -> dict[str, Any]:
    """Return an item of Alice's."""
    response = await alice.post(ITEMS, json={"name": "chair", "description": "oak"})
    item: dict[str, Any] = response.json()
    return item


def told(response: Response) -> tuple[int, dict[str, Any], set[str]]:
    """Return what a caller is told that is the same for each request."""
    problem = response.json() if response.content else {}
    problem.pop("request_id", None)
    return response.status_code, problem, set(response.headers)


@pytest.mark.parametrize("method", REQUESTS)
async def test_somebody_elses_item_is_404_like_a_missing_one(
    alice: Client,
    bob: Client,
    chair: dict[str, Any],
    method: str,
) -> None:
    request = REQUESTS[method]
    others = await bob.request(method, f"{ITEMS}/{chair['id']}", **request)
    missing = await bob.request(method, f"{ITEMS}/{uuid4()}", **request)
    assert others.status_code == 404
    assert told(others) == told(missing)
    unchanged = await alice.get(f"{ITEMS}/{chair['id']}")
    assert unchanged.json() == chair


@pytest.mark.parametrize("method", REQUESTS)
async def test_administrators_have_items_of_their_own_only(
    admin: Client,
    alice: Client,
    chair: dict[str, Any],
    method: str,
) -> None:
    url = f"{ITEMS}/{chair['id']}"
    response = await admin.request(method, url, **REQUESTS[method])
    assert response.status_code == 404
    unchanged = await alice.get(url)
    assert unchanged.json() == chair


@pytest.mark.usefixtures("chair")
@pytest.mark.parametrize("query", ["", "?page=2&size=1", "?size=500"])
async def test_lists_show_nothing_of_what_others_have(bob: Client, query: str) -> None:
    made = await bob.post(ITEMS, json={"name": "table"})
    response = await bob.get(f"{ITEMS}{query}")
    page = response.json()
    assert page["total"] == 1
    assert page["items"] in ([made.json()], [])


@pytest.mark.parametrize("field", ["owner_id", "user_id", "owner", "id", "created_at"])
async def test_an_item_cannot_be_given_away_or_taken(
    alice: Client,
    chair: dict[str, Any],
    field: str,
) -> None:
    extra = {field: str(uuid4())}
    made = await alice.post(ITEMS, json={"name": "table"} | extra)
    changed = await alice.patch(f"{ITEMS}/{chair['id']}", json=extra)
    for response in (made, changed):
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["loc"], error["type"]) == (["body", field], "extra_forbidden")
    listed = await alice.get(ITEMS)
    assert listed.json()["items"] == [chair]
