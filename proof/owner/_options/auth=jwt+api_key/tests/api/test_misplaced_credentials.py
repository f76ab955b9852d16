"""Credentials in wrong places, and several at once (RFC 6750 section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from app.core.database import Database
from tests.accounts import ME, signed_in
from tests.client import App, Client, connect

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"
READ = {"name": "ci", "scopes": ["items:read"]}


def assert_is_challenged(response: Response, *schemes: str, error: bool) -> None:
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    challenge = response.headers["www-authenticate"]
    starts = [part for part in challenge.split(" ") if "=" not in part]
    assert starts == list(schemes)
    assert challenge.count('realm="') == len(schemes)
    assert challenge.count('error="invalid_token"') == int(error)
    code = "invalid_token" if error else "not_authenticated"
    assert response.json()["code"] == code


@pytest.fixture
async def both(app: App, database: Database) -> dict[str, str]:
    """Return a token and a key of the same user."""
    ada = await signed_in(app, database, "ada@example.org")
    made = await ada.post(KEYS, json=READ)
    token = ada.headers["authorization"].removeprefix("Bearer ")
    return {"token": token, "key": made.json()["key"]}


def filled(value: Any, both: dict[str, str]) -> Any:  # noqa: ANN401
    """Return the same with the token and the key in their places."""
    if isinstance(value, str):
        return value.format(**both)
    if isinstance(value, dict):
        return {name: filled(inner, both) for name, inner in value.items()}
    return [(name, filled(inner, both)) for name, inner in value]


async def test_empty_headers_are_nothing(client: Client) -> None:
    for headers in (
        {"Authorization": ""},
        {"X-API-Key": ""},
        {"Authorization": "", "X-API-Key": ""},
    ):
        response = await client.get(ME, headers=headers)
        assert_is_challenged(response, "Bearer", "APIKey", error=False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer {token}"},
        {"Authorization": "bearer {token}"},
        {"X-API-Key": "{key}"},
        {"Authorization": "", "X-API-Key": "{key}"},
        {"Authorization": "Bearer {token}", "X-API-Key": ""},
    ],
)
async def test_either_is_accepted(
    client: Client,
    both: dict[str, str],
    headers: dict[str, str],
) -> None:
    response = await client.get(ITEMS, headers=filled(headers, both))
    assert response.status_code == 200


# Good credentials, but not as they are to be sent.
NOTHING: dict[str, dict[str, Any]] = {
    "a token in the query": {"params": {"access_token": "{token}"}},
    "a key in the query": {"params": {"api_key": "{key}"}},
    "a key in the query, named as the header": {"params": {"X-API-Key": "{key}"}},
    "a token in a cookie": {"headers": {"Cookie": "access_token={token}"}},
    "a key in a cookie": {"headers": {"Cookie": "X-API-Key={key}"}},
    "a key in another header": {"headers": {"API-Key": "{key}"}},
    "a token for the proxy": {"headers": {"Proxy-Authorization": "Bearer {token}"}},
}
AS_BEARER = {
    "a key": "Bearer {key}",
    "a key without a scheme": "{key}",
    "a key with its own scheme": "APIKey {key}",
    "a token without a scheme": "{token}",
    "a token with another scheme": "Token {token}",
    "a token as a password": "Basic {token}",
    "a token and a key": "Bearer {token} {key}",
    "a token that is cut short": "Bearer {token:.50}",
    "no token": "Bearer",
    "an empty token": "Bearer ..",
}
AS_KEY = {
    "a token": "{token}",
    "a token with its scheme": "Bearer {token}",
    "a key with a scheme": "APIKey {key}",
    "a key as a bearer token": "Bearer {key}",
    "a key and a token": "{key} {token}",
    "a key that is cut short": "{key:.50}",
}
TWO = {
    "both": [("Authorization", "Bearer {token}"), ("X-API-Key", "{key}")],
    "a token and a bad key": [
        ("Authorization", "Bearer {token}"),
        ("X-API-Key", "nonsense"),
    ],
    "a bad token and a key": [
        ("Authorization", "Bearer nonsense"),
        ("X-API-Key", "{key}"),
    ],
    "the token in both": [
        ("Authorization", "Bearer {token}"),
        ("X-API-Key", "{token}"),
    ],
    "the key in both": [("Authorization", "Bearer {key}"), ("X-API-Key", "{key}")],
    "another scheme and a key": [
        ("Authorization", "Basic YTpi"),
        ("X-API-Key", "{key}"),
    ],
    "two tokens": [("Authorization", "Bearer {token}")] * 2,
    "two keys": [("X-API-Key", "{key}")] * 2,
}


@pytest.mark.parametrize("place", NOTHING.values(), ids=NOTHING)
async def test_credentials_anywhere_else_are_not_looked_at(
    app: App,
    both: dict[str, str],
    place: dict[str, Any],
) -> None:
    response = await connect(app).get(ITEMS, **filled(place, both))
    assert_is_challenged(response, "Bearer", "APIKey", error=False)


@pytest.mark.parametrize("value", AS_BEARER.values(), ids=AS_BEARER)
@pytest.mark.parametrize("path", [ITEMS, ME, KEYS])
async def test_only_a_token_is_a_bearer_token(
    app: App,
    both: dict[str, str],
    value: str,
    path: str,
) -> None:
    headers = {"Authorization": filled(value, both)}
    response = await connect(app).get(path, headers=headers)
    assert_is_challenged(response, "Bearer", error=True)


@pytest.mark.parametrize("value", AS_KEY.values(), ids=AS_KEY)
@pytest.mark.parametrize("path", [ITEMS, ME, KEYS])
async def test_only_a_key_is_a_key(
    app: App,
    both: dict[str, str],
    value: str,
    path: str,
) -> None:
    headers = {"X-API-Key": filled(value, both)}
    response = await connect(app).get(path, headers=headers)
    assert_is_challenged(response, "APIKey", error=True)


@pytest.mark.parametrize("headers", TWO.values(), ids=TWO)
@pytest.mark.parametrize("path", [ITEMS, ME, KEYS])
async def test_two_credentials_at_once_are_400(
    app: App,
    both: dict[str, str],
    headers: list[tuple[str, str]],
    path: str,
) -> None:
    sent: Any = filled(headers, both)
    response = await connect(app).get(path, headers=sent)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"
