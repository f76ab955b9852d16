"""Access tokens: what the provider made for us is accepted, nothing else is.

RFC 8725, RFC 9068, OWASP ASVS 9. Add what you are afraid of to one of the tables.
"""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from app.core.database import Database
from tests.client import App, connect, make_app
from tests.issuer import AUDIENCE, ISSUER, SigningKey
from tests.principals import ME, bearer
from tests.settings import AUTH, make_settings

KEY = ISSUER.keys[0]
# An attacker has a key of their own, and names ours.
FOREIGN = SigningKey(kid=KEY.kid)
SECRET = b"a secret of thirty-two bytes, or more"


async def assert_is_refused(app: App, token: str) -> None:
    response = await connect(app, **bearer(token)).get(ME)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].endswith('error="invalid_token"')
    assert response.json()["code"] == "invalid_token"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["another-service", AUDIENCE]},
        {"email": "a@example.org", "groups": ["b"] * 99},
        {"sub": "Алиса|😀"},
    ],
)
async def test_a_token_that_was_made_for_us_is_accepted(
    app: App, claims: dict[str, Any]
) -> None:
    response = await connect(app, **bearer(ISSUER.token(**claims))).get(ME)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": "9999999999"},
        {"nbf": 9_999_999_999},
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER.url}/"},
        {"aud": "another-service"},
        {"aud": ["another-service", "a-third"]},
        {"sub": ""},
        {"sub": "a" * 256},
    ],
    ids=" ".join,
)
async def test_a_token_that_was_not_made_for_us_is_refused(
    app: App, claims: dict[str, Any]
) -> None:
    await assert_is_refused(app, ISSUER.token(**claims))


async def test_a_clock_that_differs_by_seconds_prolongs_no_lifetime(app: App) -> None:
    now = int(time.time())
    ahead = ISSUER.token(iat=now + 5, nbf=now + 5)
    response = await connect(app, **bearer(ahead)).get(ME)
    assert response.status_code == 200
    await assert_is_refused(app, ISSUER.token(exp=now))


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat"])
async def test_a_token_without_a_required_claim_is_refused(
    app: App,
    claim: str,
) -> None:
    claims = ISSUER.claims()
    del claims[claim]
    await assert_is_refused(app, KEY.sign(claims))


@pytest.mark.parametrize(
    "header", [{"typ": "id+jwt"}, {"typ": "logout+jwt"}, {"kid": "another"}]
)
async def test_a_token_of_another_type_or_key_is_refused(
    app: App, header: dict[str, str]
) -> None:
    await assert_is_refused(app, KEY.sign(ISSUER.claims(), **header))


async def test_a_token_that_the_provider_did_not_sign_is_refused(app: App) -> None:
    claims, headers = ISSUER.claims(), {"kid": KEY.kid, "typ": "at+jwt"}
    for token in (
        FOREIGN.sign(claims),
        jwt.encode(claims, "", "none", headers),
        jwt.encode(claims, SECRET, "HS256", headers),
        ISSUER.token() + "A",
        ISSUER.token().rpartition(".")[0],
    ):
        await assert_is_refused(app, token)


async def test_tokens_can_be_required_to_say_that_they_are_for_access(
    database: Database, migrated_url: str
) -> None:
    auth = AUTH | {"require_access_token_type": True}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    await assert_is_refused(app, KEY.sign(ISSUER.claims(), typ="JWT"))
    response = await connect(app, **bearer(ISSUER.token())).get(ME)
    assert response.status_code == 200
