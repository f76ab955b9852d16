"""What callers send to say who they are (RFC 6750 section 3)."""

from __future__ import annotations

import pytest
from httpx2 import Response

from tests.accounts import ME
from tests.client import App, Client, connect


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


async def test_who_sends_nothing_is_asked_to_sign_in(client: Client) -> None:
    response = await client.get(ME)
    assert_is_challenged(response, error=False)


@pytest.mark.parametrize("header", ["Bearer", "Bearer a.b.c", "Basic YTpi", "abc"])
async def test_who_sends_something_bad_is_told_so(client: Client, header: str) -> None:
    response = await client.get(ME, headers={"Authorization": header})
    assert_is_challenged(response, error=True)


async def test_two_credentials_at_once_are_400(app: App, alice: Client) -> None:
    header = alice.headers["authorization"]
    two = [("Authorization", header), ("Authorization", header)]
    response = await connect(app).get(ME, headers=two)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"
