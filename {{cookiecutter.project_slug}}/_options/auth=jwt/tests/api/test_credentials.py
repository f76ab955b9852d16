"""What callers send to say who they are (RFC 6750 section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from tests.accounts import ME, log_in, register
from tests.client import App, Client, connect

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
async def test_a_token_anywhere_else_is_not_looked_at(
    app: App,
    client: Client,
    place: str,
) -> None:
    await register(client, "ada@example.org")
    tokens = await log_in(client, "ada@example.org")
    for value in (tokens["access_token"], f"Bearer {tokens['access_token']}"):
        response = await client.get(ME, params={place: value})
        assert_is_challenged(response, error=False)
        cookie = connect(app, cookie=f"{place}={value}")
        response = await cookie.get(ME)
        assert_is_challenged(response, error=False)


async def test_two_credentials_at_once_are_400(app: App, client: Client) -> None:
    await register(client, "ada@example.org")
    tokens = await log_in(client, "ada@example.org")
    header = f"Bearer {tokens['access_token']}"
    two: list[Any] = [("Authorization", header), ("Authorization", header)]
    response = await connect(app).get(ME, headers=two)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"


async def test_the_scheme_is_written_in_any_case(app: App, client: Client) -> None:
    await register(client, "ada@example.org")
    tokens = await log_in(client, "ada@example.org")
    for scheme in ("bearer", "BEARER"):
        header = f"{scheme} {tokens['access_token']}"
        response = await connect(app, authorization=header).get(ME)
        assert response.status_code == 200
