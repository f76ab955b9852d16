"""What callers send to say who they are (RFC 9110 section 11)."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from app.core.database import Database
from app.scopes.items import ITEMS_READ
from tests.client import App, Client, connect
from tests.principals import make_key, with_key

ITEMS = "/api/v1/items"


def assert_is_challenged(response: Response) -> None:
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    scheme, *parts = response.headers["www-authenticate"].split(" ")
    assert scheme == "APIKey"
    (realm,) = parts
    assert realm.startswith('realm="')
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("path", [ITEMS, "/api/v1/api-keys"])
async def test_who_sends_nothing_is_asked_for_a_key(client: Client, path: str) -> None:
    response = await client.get(path)
    assert_is_challenged(response)


async def test_an_empty_header_is_nothing(client: Client) -> None:
    response = await client.get(ITEMS, headers={"X-API-Key": ""})
    assert_is_challenged(response)


# A good key, but not where keys belong.
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
    assert_is_challenged(response)


async def test_a_key_in_the_body_is_a_field_that_is_not_known(
    alice: Client,
    client: Client,
) -> None:
    body = {"name": "chair", "api_key": alice.headers["x-api-key"]}
    refused = await client.post(ITEMS, json=body)
    assert_is_challenged(refused)
    invalid = await alice.post(ITEMS, json=body)
    assert invalid.status_code == 422


async def test_two_keys_at_once_are_400(app: App, database: Database) -> None:
    made = await make_key(database, ITEMS_READ)
    two: list[Any] = [("X-API-Key", made.key), ("X-API-Key", made.key)]
    response = await connect(app).get(ITEMS, headers=two)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"


async def test_other_credentials_beside_a_key_are_not_looked_at(
    app: App,
    database: Database,
) -> None:
    made = await make_key(database, ITEMS_READ)
    headers = {"Authorization": "Bearer nonsense"}
    response = await with_key(app, made.key).get(ITEMS, headers=headers)
    assert response.status_code == 200
