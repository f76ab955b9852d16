"""Tokens that are sent as they must not be (RFC 6750 section 3)."""

from __future__ import annotations

import pytest

from tests.accounts import ME
from tests.client import App, Client, connect


async def code_of(client: Client, **options: object) -> str:
    """Return the code of the refusal."""
    response = await client.request("GET", ME, **options)  # type: ignore[arg-type]
    assert response.status_code == 401
    code: str = response.json()["code"]
    return code


async def test_an_empty_header_is_nothing(client: Client) -> None:
    code = await code_of(client, headers={"Authorization": ""})
    assert code == "not_authenticated"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer ..",
        "Bearer a.b.c.d.e",
        "Bearer " + "a" * 50_000,
        "Bearer a b",
        "Token abc",
    ],
)
async def test_an_odd_header_is_a_bad_token(client: Client, header: str) -> None:
    code = await code_of(client, headers={"Authorization": header})
    assert code == "invalid_token"


@pytest.mark.parametrize("place", ["access_token", "token", "authorization"])
async def test_a_token_anywhere_else_is_not_looked_at(
    app: App, alice: Client, client: Client, place: str
) -> None:
    header = alice.headers["authorization"]
    for value in (header, header.removeprefix("Bearer ")):
        assert await code_of(client, params={place: value}) == "not_authenticated"
        cookie = connect(app, cookie=f"{place}={value}")
        assert await code_of(cookie) == "not_authenticated"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_scheme_is_written_in_any_case(
    app: App, alice: Client, scheme: str
) -> None:
    token = alice.headers["authorization"].removeprefix("Bearer ")
    response = await connect(app, authorization=f"{scheme} {token}").get(ME)
    assert response.status_code == 200
