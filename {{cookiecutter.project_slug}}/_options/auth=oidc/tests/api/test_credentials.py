"""What callers send to say who they are (RFC 6750 section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from tests.client import App, Client, connect
from tests.issuer import ISSUER
from tests.principals import ME, bearer

ITEMS = "/api/v1/items"


def assert_is_challenged(response: Response, *, error: bool) -> None:
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    scheme, *parts = response.headers["www-authenticate"].split(" ")
    assert scheme == "Bearer"
    assert parts[0].startswith('realm="')
    assert parts[1:] == (['error="invalid_token"'] if error else [])
    code = "invalid_token" if error else "not_authenticated"
    assert response.json()["code"] == code


@pytest.mark.parametrize("path", [ITEMS, ME])
async def test_who_sends_nothing_is_asked_to_sign_in(
    client: Client,
    path: str,
) -> None:
    response = await client.get(path)
    assert_is_challenged(response, error=False)


async def test_an_empty_header_is_nothing(client: Client) -> None:
    response = await client.get(ME, headers={"Authorization": ""})
    assert_is_challenged(response, error=False)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer abc",
        "Bearer ..",
        "Bearer a.b.c.d.e",
        "Bearer " + "a" * 50_000,
        "Bearer a b",
        "Basic YWxpY2U6cGFzc3dvcmQ=",
        "Token abc",
        "abc",
    ],
)
async def test_who_sends_something_bad_is_told_so(
    client: Client,
    header: str,
) -> None:
    response = await client.get(ME, headers={"Authorization": header})
    assert_is_challenged(response, error=True)


@pytest.mark.parametrize("place", ["access_token", "token", "authorization"])
async def test_a_token_is_taken_from_the_header_only(
    app: App, client: Client, place: str
) -> None:
    token = ISSUER.token()
    for value in (token, f"Bearer {token}"):
        response = await client.get(ME, params={place: value})
        assert_is_challenged(response, error=False)
        response = await connect(app, cookie=f"{place}={value}").get(ME)
        assert_is_challenged(response, error=False)


async def test_two_credentials_at_once_are_400(client: Client) -> None:
    header = f"Bearer {ISSUER.token()}"
    two: list[Any] = [("Authorization", header), ("Authorization", header)]
    response = await client.get(ME, headers=two)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_written_in_any_case(client: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {ISSUER.token()}"}
    response = await client.get(ME, headers=headers)
    assert response.status_code == 200


async def test_a_token_of_a_scope_too_few_is_told_which(app: App) -> None:
    token = ISSUER.token(claims={"scope": "items:read"})
    response = await connect(app, **bearer(token)).post(ITEMS, json={"name": "chair"})
    assert response.status_code == 403
    assert response.json()["code"] == "insufficient_scope"
    assert response.headers["www-authenticate"].endswith(
        'error="insufficient_scope", scope="items:write"'
    )
