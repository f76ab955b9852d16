"""Good keys where keys do not belong (RFC 9110 section 11)."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.database import Database
from app.scopes.items import ITEMS_READ
from tests.client import Client
from tests.principals import make_key

ITEMS = "/api/v1/items"

MISDIRECTED: dict[str, dict[str, Any]] = {
    "a bearer token": {"headers": {"Authorization": "Bearer {key}"}},
    "another scheme": {"headers": {"Authorization": "APIKey {key}"}},
    "no scheme": {"headers": {"Authorization": "{key}"}},
    "the proxy's credentials": {"headers": {"Proxy-Authorization": "{key}"}},
    "another header": {"headers": {"API-Key": "{key}"}},
    "yet another header": {"headers": {"X-Auth-Token": "{key}"}},
    "a header with a longer name": {"headers": {"X-API-Key-Id": "{key}"}},
    "a cookie": {"headers": {"Cookie": "X-API-Key={key}"}},
    "another cookie": {"headers": {"Cookie": "api_key={key}"}},
    "the query": {"params": {"api_key": "{key}"}},
    "the query, as the header is called": {"params": {"X-API-Key": "{key}"}},
    "the query, as a token": {"params": {"access_token": "{key}"}},
}


def filled(value: Any, key: str) -> Any:  # noqa: ANN401
    """Return the same with the key in its place."""
    if isinstance(value, str):
        return value.replace("{key}", key)
    return {name: filled(inner, key) for name, inner in value.items()}


@pytest.mark.parametrize("place", MISDIRECTED.values(), ids=MISDIRECTED)
async def test_a_key_anywhere_else_is_not_looked_at(
    client: Client,
    database: Database,
    place: dict[str, Any],
) -> None:
    made = await make_key(database, ITEMS_READ)
    response = await client.get(ITEMS, **filled(place, made.key))
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
    assert response.headers["www-authenticate"].count(" ") == 1


async def test_a_key_in_the_body_is_a_field_that_is_not_known(
    alice: Client,
    client: Client,
) -> None:
    body = {"name": "chair", "api_key": alice.headers["x-api-key"]}
    refused = await client.post(ITEMS, json=body)
    assert refused.status_code == 401
    invalid = await alice.post(ITEMS, json=body)
    assert invalid.status_code == 422
