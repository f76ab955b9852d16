"""Access tokens: what we issue is accepted, nothing else is (RFC 8725, RFC 9068)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any
from uuid import uuid4

import pytest

from app.auth.errors import InvalidTokenError
from app.auth.tokens import (
    issue_access_token,
    new_refresh_token,
    read_access_token,
    refresh_token_hash,
)
from app.core.settings.auth import AuthSettings
from tests.settings import AUTH, SECRET_KEY

SETTINGS = AuthSettings.model_validate(AUTH)
FOREIGN_KEY = "a secret of an attacker, who made this up"
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "jti", "sid")

INFINITY = float("inf")
NAN = float("nan")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    without: str = "",
    payload: str | None = None,
    key: str = SECRET_KEY,
    digest: str = "sha256",
) -> str:
    """Return a token like ours, but for what is given. Times are relative to now."""
    now = int(time.time())
    honest: dict[str, Any] = {
        "iss": SETTINGS.issuer,
        "sub": str(uuid4()),
        "aud": SETTINGS.audience,
        "exp": now + 900,
        "iat": now,
        "jti": str(uuid4()),
        "sid": str(uuid4()),
    }
    made = honest | {
        name: now + value.seconds if isinstance(value, FromNow) else value
        for name, value in (claims or {}).items()
    }
    made.pop(without, None)
    made_header = {"alg": "HS256", "typ": "at+jwt"} | (header or {})
    made_header.pop(without, None)
    parts = (json.dumps(made_header), payload or json.dumps(made))
    signing_input = ".".join(base64url(part.encode()) for part in parts)
    signature = hmac.digest(key.encode(), signing_input.encode(), digest)
    return f"{signing_input}.{base64url(signature)}"


class FromNow:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


FORGERIES: dict[str, dict[str, Any]] = {
    **{f"no {name}": {"without": name} for name in CLAIMS},
    **{f"{name} is null": {"claims": {name: None}} for name in CLAIMS},
    **{f"{name} is a list": {"claims": {name: [[]]}} for name in CLAIMS},
    **{f"{name} is an object": {"claims": {name: {"a": 1}}} for name in CLAIMS},
    "iss is another": {"claims": {"iss": "https://evil.example"}},
    "iss has a slash more": {"claims": {"iss": f"{SETTINGS.issuer}/"}},
    "iss is empty": {"claims": {"iss": ""}},
    "aud is another": {"claims": {"aud": "another-service"}},
    "aud lists others": {"claims": {"aud": ["another-service", "a-third"]}},
    "aud is ours and more": {"claims": {"aud": f"{SETTINGS.audience} another"}},
    "aud is empty": {"claims": {"aud": []}},
    "sub is no id": {"claims": {"sub": "abc"}},
    "sub is a number": {"claims": {"sub": 1}},
    "sub is long": {"claims": {"sub": "a" * 300}},
    "sid is no id": {"claims": {"sid": "' OR 1=1 --"}},
    "sid is a number": {"claims": {"sid": 0}},
    "jti is empty": {"claims": {"jti": ""}},
    "jti is a number": {"claims": {"jti": 1}},
    "exp is past": {"claims": {"exp": FromNow(-1), "iat": FromNow(-900)}},
    "exp is now": {"claims": {"exp": FromNow(0)}},
    "exp lies too far ahead": {"claims": {"exp": FromNow(901)}},
    "exp is 1e300": {"claims": {"exp": 1e300}},
    "exp is Infinity": {"claims": {"exp": INFINITY}},
    "exp is -Infinity": {"claims": {"exp": -INFINITY}},
    "exp is NaN": {"claims": {"exp": NAN}},
    "exp is huge": {"claims": {"exp": 10**400}},
    "exp is the word Infinity": {"claims": {"exp": "Infinity"}},
    "exp is true": {"claims": {"exp": True}},
    "exp is not whole": {"claims": {"exp": FromNow(60.5)}},
    "iat lies ahead": {"claims": {"iat": FromNow(60)}},
    "iat lies ahead of the leeway": {"claims": {"iat": FromNow(15)}},
    "iat is long ago": {"claims": {"iat": FromNow(-60)}},
    "iat is 0": {"claims": {"iat": 0}},
    "iat is -Infinity": {"claims": {"iat": -INFINITY}},
    "iat is a word": {"claims": {"iat": "now"}},
    "nbf lies ahead": {"claims": {"nbf": FromNow(60)}},
    "nbf lies ahead of the leeway": {"claims": {"nbf": FromNow(15)}},
    "nbf is Infinity": {"claims": {"nbf": INFINITY}},
    "nbf is a list": {"claims": {"nbf": []}},
    "the claims are a list": {"payload": "[]"},
    "the claims are a number": {"payload": "1"},
    "the claims are null": {"payload": "null"},
    "the claims are nested": {"payload": "[" * 700},
    "the claims are no JSON": {"payload": "claims"},
    "no typ": {"without": "typ"},
    "typ is JWT": {"header": {"typ": "JWT"}},
    "typ is that of another token": {"header": {"typ": "rt+jwt"}},
    "typ is null": {"header": {"typ": None}},
    "typ is a list": {"header": {"typ": ["at+jwt"]}},
    "no alg": {"without": "alg"},
    "alg is none": {"header": {"alg": "none"}},
    "alg is nOnE": {"header": {"alg": "nOnE"}},
    "alg is null": {"header": {"alg": None}},
    "alg is a list": {"header": {"alg": ["HS256"]}},
    "alg is hs256": {"header": {"alg": "hs256"}},
    "alg is HS384": {"header": {"alg": "HS384"}, "digest": "sha384"},
    "alg is HS512": {"header": {"alg": "HS512"}, "digest": "sha512"},
    "alg is RS256": {"header": {"alg": "RS256"}},
    "the signature has another hash": {"digest": "sha512"},
    "the key is foreign": {"key": FOREIGN_KEY},
    "the key is empty": {"key": ""},
    "the key is in capitals": {"key": SECRET_KEY.upper()},
    "kid names a file": {"header": {"kid": "../../../dev/null"}, "key": ""},
    "kid is SQL": {"header": {"kid": "' OR 1=1 --"}, "key": FOREIGN_KEY},
    "kid is a number": {"header": {"kid": 1}},
    "jwk is the key": {
        "header": {"jwk": {"kty": "oct", "k": base64url(FOREIGN_KEY.encode())}},
        "key": FOREIGN_KEY,
    },
    "an extension is critical": {"header": {"crit": ["exp2"], "exp2": 1}},
    "the payload is detached": {"header": {"crit": ["b64"], "b64": False}},
}

NO_TOKENS = {
    "empty": "",
    "one part": "abc",
    "empty parts": "..",
    "two parts": forge().rpartition(".")[0],
    "five parts": f"{forge()}.a.b",
    "no signature": forge().rpartition(".")[0] + ".",
    "half a signature": forge()[:-20],
    "no signature, and alg is none": (
        forge(header={"alg": "none"}).rpartition(".")[0] + "."
    ),
    "the signature of another token": forge()[:-43] + forge()[-43:],
    "not ASCII": "é.é.é",
    "not ASCII in a part": forge() + "é",
    "an emoji": "🔑.🔑.🔑",
    "half an emoji": "\ud83d.\ud83d.\ud83d",
    "NUL": f"{forge()}\x00",
    "a line break": f"{forge()}\n{forge()}",
    "a space inside": forge().replace(".", ". "),
    "50 kB": "a" * 50_000,
    "50 kB of claims": forge({"a": "a" * 50_000}),
    "50 kB of dots": "." * 50_000,
    "a deep header": base64url(b"[" * 1_400) + ".e30.e30",
    "a header that is a list": base64url(b"[]") + ".e30.e30",
}


@pytest.mark.parametrize("parts", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_refused(parts: dict[str, Any]) -> None:
    token = forge(**parts)
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, token)


@pytest.mark.parametrize("token", NO_TOKENS.values(), ids=NO_TOKENS)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, token)


def test_what_the_forgeries_start_from_is_accepted() -> None:
    claims = read_access_token(SETTINGS, forge())
    assert claims.exp - claims.iat == 900


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_that_is_valid_in_seconds_is_accepted(claim: str) -> None:
    claims = read_access_token(SETTINGS, forge({claim: FromNow(5)}))
    assert claims.exp - claims.iat <= 900


def test_a_token_never_makes_us_call_an_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
        for name in ("jku", "x5u"):
            with pytest.raises(InvalidTokenError):
                read_access_token(SETTINGS, forge(header={name: url}, key=FOREIGN_KEY))
        listener.setblocking(False)  # noqa: FBT003
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_each_token_has_an_id_of_its_own() -> None:
    user_id, session_id = uuid4(), uuid4()
    tokens = [issue_access_token(SETTINGS, user_id, session_id) for _ in range(2)]
    first, second = (read_access_token(SETTINGS, token) for token in tokens)
    assert first.jti != second.jti


def test_a_token_that_was_to_live_longer_ends_when_lifetimes_are_shortened() -> None:
    token = issue_access_token(SETTINGS, uuid4(), uuid4())
    shorter = AuthSettings.model_validate(AUTH | {"access_token_seconds": 899})
    with pytest.raises(InvalidTokenError):
        read_access_token(shorter, token)


def test_a_refresh_token_is_256_random_bits() -> None:
    tokens = {new_refresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(base64.urlsafe_b64decode(f"{token}=")) == 32 for token in tokens)


def test_a_refresh_token_is_kept_as_a_hash() -> None:
    token = new_refresh_token()
    assert refresh_token_hash(token) == hashlib.sha256(token.encode()).hexdigest()
