"""Where a token may stand in a request."""

from __future__ import annotations

import pytest

from tests.client import App, Client, connect
from tests.issuer import ISSUER
from tests.principals import ME


@pytest.mark.parametrize("place", ["access_token", "token", "authorization"])
async def test_a_token_in_parameters_or_cookies_is_nothing(
    app: App, client: Client, place: str
) -> None:
    token = ISSUER.token()
    for value in (token, f"Bearer {token}"):
        for response in (
            await client.get(ME, params={place: value}),
            await connect(app, cookie=f"{place}={value}").get(ME),
        ):
            assert response.status_code == 401
            assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_written_in_any_case(client: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {ISSUER.token()}"}
    response = await client.get(ME, headers=headers)
    assert response.status_code == 200
