"""What belongs to somebody else is as if it did not exist (OWASP API1)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from tests.client import Client

ITEMS = "/api/v1/items"

# Methods, and the bodies that they need.
BODIES = {"GET": None, "HEAD": None, "PATCH": {"name": "mine"}, "DELETE": None}


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


@pytest.mark.parametrize("method", BODIES)
async def test_somebody_elses_item_is_404_like_a_missing_one(
    alice: Client, bob: Client, admin: Client, chair: dict[str, Any], method: str
) -> None:
    body = BODIES[method]
    missing = await bob.request(method, f"{ITEMS}/{uuid4()}", json=body)
    for caller in (bob, admin):
        others = await caller.request(method, f"{ITEMS}/{chair['id']}", json=body)
        assert others.status_code == 404
        assert told(others) == told(missing)
    unchanged = await alice.get(f"{ITEMS}/{chair['id']}")
    assert unchanged.json() == chair


@pytest.mark.usefixtures("chair")
@pytest.mark.parametrize("query", ["", "?page=2&size=1"])
async def test_lists_show_nothing_of_what_others_have(bob: Client, query: str) -> None:
    made = await bob.post(ITEMS, json={"name": "table"})
    response = await bob.get(f"{ITEMS}{query}")
    page = response.json()
    assert page["total"] == 1
    assert page["items"] == ([] if query else [made.json()])
