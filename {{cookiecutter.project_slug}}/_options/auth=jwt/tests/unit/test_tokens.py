"""Access tokens: what we issue is accepted, nothing else is (RFC 8725, RFC 9068)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import jwt
import pytest

from app.auth.errors import InvalidTokenError
from app.auth.tokens import issue_access_token, read_access_token
from app.core.settings.auth import AuthSettings
from tests.settings import AUTH, SECRET_KEY

SETTINGS = AuthSettings.model_validate(AUTH)


def decoded(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, SECRET_KEY, "HS256", headers={"typ": "at+jwt"})


def test_an_issued_token_is_accepted() -> None:
    user_id, session_id = uuid4(), uuid4()
    token = issue_access_token(SETTINGS, user_id, session_id)
    claims = read_access_token(SETTINGS, token)
    assert (claims.sub, claims.sid) == (user_id, session_id)


def test_a_token_from_a_replica_whose_clock_is_seconds_ahead_is_accepted() -> None:
    claims = decoded(issue_access_token(SETTINGS, uuid4(), uuid4()))
    ahead = claims | {name: claims[name] + 5 for name in ("iat", "exp")}
    assert read_access_token(SETTINGS, signed(ahead)).iat == ahead["iat"]


def test_an_accepted_token_is_refused_once_it_has_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = issue_access_token(SETTINGS, uuid4(), uuid4())
    expiry = read_access_token(SETTINGS, token).exp
    monkeypatch.setattr("app.auth.tokens._now", lambda: expiry)
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, token)


def test_an_issued_token_says_all_that_rfc_9068_asks_for() -> None:
    claims = decoded(issue_access_token(SETTINGS, uuid4(), uuid4()))
    assert set(claims) == {"iss", "sub", "aud", "exp", "iat", "jti", "sid"}
    assert (claims["iss"], claims["aud"]) == (SETTINGS.issuer, SETTINGS.audience)
    assert claims["exp"] - claims["iat"] == SETTINGS.access_token_seconds == 900


@pytest.mark.parametrize("name", ["secret_key", "issuer", "audience"])
def test_a_token_of_another_service_is_refused(name: str) -> None:
    other = AuthSettings.model_validate(AUTH | {name: "that of another service" * 2})
    token = issue_access_token(other, uuid4(), uuid4())
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, token)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iat": 1_700_000_000, "exp": 1_700_000_900}, id="expired"),
        pytest.param({"exp": 4_000_000_000}, id="too long a life"),
        pytest.param({"sid": None}, id="no session"),
    ],
)
def test_a_token_with_other_claims_is_refused(claims: dict[str, object]) -> None:
    honest = decoded(issue_access_token(SETTINGS, uuid4(), uuid4()))
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, signed(honest | claims))
