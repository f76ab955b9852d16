"""Access tokens that are forged, damaged or unusual (RFC 8725, RFC 9068)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx2 import Response

from app.core.database import Database
from app.core.settings import Settings
from tests.client import App, connect, make_app
from tests.faulty_issuer import FaultyIssuer, FromNow, KeyFor, forged
from tests.issuer import AUDIENCE
from tests.principals import ME, bearer
from tests.settings import AUTH, make_settings

pytest_plugins = ["tests.faulty_issuer_fixtures"]

RSA, EC = KeyFor("RS256"), KeyFor("ES256")
ISSUER = FaultyIssuer(RSA, EC)
# An attacker has keys of their own, and a provider that nobody told us of.
FOREIGN = KeyFor("RS256", kid=RSA.kid)
EVIL = FaultyIssuer(FOREIGN)

PUBLIC_PEM = RSA.private.public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)
OURS = AUTH | {"issuer": ISSUER.url}
CLAIMS = ("iss", "sub", "aud", "exp", "iat")
TIMES = ("exp", "iat", "nbf")

FORGERIES: dict[str, dict[str, Any]] = {
    **{f"{name} is null": {"claims": {name: None}} for name in CLAIMS},
    **{f"{name} is a list": {"claims": {name: [[]]}} for name in (*CLAIMS, "nbf")},
    **{f"{name} is an object": {"claims": {name: {"a": 1}}} for name in CLAIMS},
    **{f"{name} is true": {"claims": {name: True}} for name in TIMES},
    **{f"{name} is 1e300": {"claims": {name: 1e300}} for name in TIMES},
    **{f"{name} is Infinity": {"claims": {name: float("inf")}} for name in TIMES},
    **{f"{name} is -Infinity": {"claims": {name: -float("inf")}} for name in TIMES},
    **{f"{name} is NaN": {"claims": {name: float("nan")}} for name in TIMES},
    **{f"{name} is huge": {"claims": {name: 10**400}} for name in TIMES},
    **{f"{name} is negative": {"claims": {name: -1}} for name in TIMES},
    **{f"{name} is a text": {"claims": {name: "9999999999"}} for name in TIMES},
    "exp has more digits than Python reads": {"payload": '{"exp": %s}' % ("9" * 5000)},
    "exp is past": {"claims": {"exp": FromNow(-31)}},
    "exp is just past, by a clock that is behind": {"claims": {"exp": FromNow(-1)}},
    "exp is now": {"claims": {"exp": FromNow(0)}},
    "exp lies after the year 9999": {"claims": {"exp": 253_402_300_800}},
    "iat lies ahead": {"claims": {"iat": FromNow(3600)}},
    "nbf lies ahead": {"claims": {"nbf": FromNow(31)}},
    "iss begins like ours": {"claims": {"iss": f"{ISSUER.url}.evil.example"}},
    "iss lists ours": {"claims": {"iss": [ISSUER.url]}},
    "iss is empty": {"claims": {"iss": ""}},
    "aud is ours and more": {"claims": {"aud": f"{AUDIENCE} another"}},
    "aud is ours in capitals": {"claims": {"aud": AUDIENCE.upper()}},
    "aud is empty": {"claims": {"aud": []}},
    "aud is a number": {"claims": {"aud": 1}},
    "aud is that of an ID token": {"claims": {"aud": "docs-page", "nonce": "a"}},
    "sub is a number": {"claims": {"sub": 1}},
    "sub holds a NUL": {"claims": {"sub": "alice\0"}},
    "sub holds half a character": {"claims": {"sub": "\ud800"}},
    "the claims are a list": {"payload": "[]"},
    "the claims are a number": {"payload": "1"},
    "the claims are null": {"payload": "null"},
    "the claims are nested": {"payload": "[" * 10_000},
    "the claims are no JSON": {"payload": "claims"},
    "the claims are too long": {"claims": {"groups": ["a" * 100] * 200}},
    "typ is null": {"header": {"typ": None}},
    "typ is a list": {"header": {"typ": ["at+jwt"]}},
    "no alg": {"without": "alg"},
    "alg is none": {"header": {"alg": "none"}},
    "alg is nOnE": {"header": {"alg": "nOnE"}},
    "alg is null": {"header": {"alg": None}},
    "alg is a list": {"header": {"alg": ["RS256"]}},
    "alg is rs256": {"header": {"alg": "rs256"}},
    "alg is not allowed": {"algorithm": "RS512"},
    "alg is not the key's": {"algorithm": "PS256"},
    "alg is that of another key": {"header": {"alg": "ES256"}},
    "alg is HS256 over the public key": {"algorithm": "HS256", "secret": PUBLIC_PEM},
    "alg is HS256 over nothing": {"algorithm": "HS256", "secret": b""},
    "alg says RS256, but HMAC made it": {
        "algorithm": "HS256",
        "secret": PUBLIC_PEM,
        "header": {"alg": "RS256"},
    },
    "the key is foreign and has no name": {"key": FOREIGN, "without": "kid"},
    "the key is foreign and brought along": {
        "key": FOREIGN,
        "header": {"jwk": FOREIGN.jwk()},
    },
    "the key is foreign and elsewhere": {
        "key": FOREIGN,
        "header": {"jku": f"{EVIL.url}/keys"},
    },
    "the key is foreign and has a certificate elsewhere": {
        "key": FOREIGN,
        "header": {"x5u": f"{EVIL.url}/certificate"},
    },
    "the key is foreign and has a certificate with it": {
        "key": FOREIGN,
        "header": {"x5c": [base64.b64encode(PUBLIC_PEM).decode()]},
    },
    "the provider is foreign": {
        "key": FOREIGN,
        "header": {"jku": f"{EVIL.url}/keys", "kid": "a"},
        "claims": {"iss": EVIL.url},
    },
    "kid is that of another key": {"header": {"kid": EC.kid}},
    "kid names a file": {"header": {"kid": "../../../dev/null"}},
    "kid names an address": {"header": {"kid": f"{EVIL.url}/keys"}},
    "kid is SQL": {"header": {"kid": "' OR 1=1 --"}},
    "kid is a number": {"header": {"kid": 1}},
    "kid is a list": {"header": {"kid": [RSA.kid]}},
    "kid is null": {"header": {"kid": None}},
    "crit names what we do not know": {"header": {"crit": ["a"], "a": 1}},
    "crit names what we know": {"header": {"crit": ["exp"], "exp": 1}},
    "crit is empty": {"header": {"crit": []}},
    "the claims are not encoded": {"header": {"b64": False, "crit": ["b64"]}},
}


def without_signature(token: str) -> str:
    return token[: token.rindex(".") + 1]


def with_header(text: bytes) -> Callable[[str], str]:
    encoded = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    return lambda token: encoded + token[token.index(".") :]


DAMAGES: dict[str, Callable[[str], str]] = {
    "no signature": without_signature,
    "another signature": lambda token: f"{without_signature(token)}{'A' * 342}",
    "a changed signature": lambda token: token[:-9] + token[-9:].swapcase(),
    "a part more": lambda token: f"{token}.a",
    "five parts": lambda token: f"{token}.a.a",
    "a header that is a list": with_header(b"[]"),
    "a header that is a number": with_header(b"1"),
    "a header that is no JSON": with_header(b"{"),
    "a header that is no UTF-8": with_header(b'{"alg": "\xff"}'),
    "a header that is nested": with_header(b"[" * 10_000),
    "an empty header": with_header(b""),
    "no base64url": lambda token: f"*{token}",
    "a line break": lambda token: f"{token[:9]} {token[9:]}",
    "itself again": lambda token: f"{token} {token}",
}


@pytest.fixture
def settings(migrated_url: str) -> Settings:
    auth = OURS | {"client_id": "docs-page"}
    return make_settings(migrated_url, auth=auth, rate_limit={"enabled": False})


async def sent(app: App, token: str) -> Response:
    return await connect(app, **bearer(token)).get(ME)


async def assert_is_refused(app: App, token: str) -> None:
    response = await sent(app, token)
    assert response.status_code == 401, response.text
    assert response.json()["code"] == "invalid_token"
    assert response.headers["www-authenticate"].endswith('error="invalid_token"')


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=list(FORGERIES))
async def test_a_token_that_was_not_made_for_us_is_refused(
    app: App, forgery: dict[str, Any]
) -> None:
    await assert_is_refused(app, forged(ISSUER, **forgery))
    assert not EVIL.requests


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
async def test_a_token_that_is_damaged_is_refused(
    app: App, damage: Callable[[str], str]
) -> None:
    await assert_is_refused(app, damage(forged(ISSUER)))


HONEST: dict[str, dict[str, Any]] = {
    "without a type": {"without": "typ"},
    "a JWT": {"header": {"typ": "JWT"}},
    "in capitals": {"header": {"typ": "AT+JWT"}},
    "a media type": {"header": {"typ": "application/AT+JWT"}},
    "for us only, in a list": {"claims": {"aud": [AUDIENCE]}},
    "with what nobody knows": {"header": {"x5t": "a", "cty": "b", "c": [{}]}},
    "just made, by a clock that is ahead": {"claims": {"iat": FromNow(5)}},
    "just valid, by a clock that is ahead": {"claims": {"nbf": FromNow(5)}},
    "with fractions of seconds": {"claims": {"exp": FromNow(60.5), "iat": 1.5}},
    "signed with another key": {"key": EC},
    "naming no key, where one only is of its kind": {"key": EC, "without": "kid"},
    "with a key that nobody looks at": {"header": {"jwk": FOREIGN.jwk()}},
}


@pytest.mark.parametrize("honest", HONEST.values(), ids=list(HONEST))
async def test_a_token_that_was_made_for_us_is_accepted(
    app: App, honest: dict[str, Any]
) -> None:
    response = await sent(app, forged(ISSUER, **honest))
    assert response.status_code == 200, response.text


async def test_where_tokens_must_say_their_type_those_without_one_are_refused(
    database: Database, migrated_url: str
) -> None:
    auth = OURS | {"require_access_token_type": True}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    await assert_is_refused(app, forged(ISSUER, without="typ"))


async def test_the_leeway_can_be_taken_away(
    database: Database,
    migrated_url: str,
) -> None:
    auth = OURS | {"leeway_seconds": 0}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    for claim in ("iat", "nbf"):
        await assert_is_refused(app, forged(ISSUER, claims={claim: FromNow(5)}))


async def test_algorithms_can_be_taken_away(
    database: Database,
    migrated_url: str,
) -> None:
    auth = OURS | {"algorithms": "ES256"}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    await assert_is_refused(app, forged(ISSUER, key=RSA))
    response = await sent(app, forged(ISSUER, key=EC))
    assert response.status_code == 200


async def test_a_key_that_is_too_short_is_none(
    database: Database, migrated_url: str, issuer: FaultyIssuer
) -> None:
    weak: Any = KeyFor("RS256")
    weak.private = generate_private_key(65537, 1024)  # noqa: S505  # it is weak
    issuer.keys = [weak]
    auth = AUTH | {"issuer": issuer.url}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    await assert_is_refused(app, forged(issuer))
