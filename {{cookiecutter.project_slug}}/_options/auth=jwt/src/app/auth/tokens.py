"""Access tokens (JWT, RFC 9068) and refresh tokens (random, stored as a hash)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import jwt
from pydantic import BaseModel, StrictInt

from app.auth.errors import InvalidTokenError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from app.core.settings.auth import AuthSettings

ALGORITHM = "HS256"
TYPE = "at+jwt"
REMEMBERED_TOKENS = 10_000

_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "sid"]
# Our tokens have about 400 characters; reject longer ones before parsing.
_MAX_LENGTH = 2048
# How far the clock of another replica may be ahead.
_LEEWAY_SECONDS = 10


class AccessClaims(BaseModel, frozen=True):
    """The claims of an access token: user, session and expiry."""

    sub: UUID
    sid: UUID
    jti: UUID
    iat: StrictInt
    exp: StrictInt


def issue_access_token(settings: AuthSettings, user_id: UUID, session_id: UUID) -> str:
    """Return a signed token that names the user and the session."""
    now = int(_now())
    claims = {
        "iss": settings.issuer,
        "sub": str(user_id),
        "aud": settings.audience,
        "exp": now + settings.access_token_seconds,
        "iat": now,
        "jti": str(uuid4()),
        "sid": str(session_id),
    }
    secret = settings.secret_key.get_secret_value()
    return jwt.encode(claims, secret, ALGORITHM, headers={"typ": TYPE})


def read_access_token(settings: AuthSettings, token: str) -> AccessClaims:
    """Return the claims of a valid token that this service has issued.

    The algorithm and the type are fixed (RFC 8725 sections 3.1 and 3.11), every claim
    is required, and the lifetime is limited to that of the settings. Clocks may differ
    by the leeway, which does not prolong the lifetime.

    Raises:
        InvalidTokenError: the token is not valid.
    """
    if len(token) > _MAX_LENGTH:
        raise InvalidTokenError
    try:
        claims = _verify(token, settings.secret_key, settings.issuer, settings.audience)
    except (jwt.InvalidTokenError, ValueError, TypeError, ArithmeticError) as error:
        raise InvalidTokenError from error
    if not claims.iat - _LEEWAY_SECONDS <= _now() < claims.exp:
        raise InvalidTokenError
    if claims.exp - claims.iat > settings.access_token_seconds:
        raise InvalidTokenError
    return claims


# Remembers valid tokens, the last used ones; after a change of the key, none of them.
@lru_cache(maxsize=REMEMBERED_TOKENS)
def _verify(token: str, key: SecretStr, issuer: str, audience: str) -> AccessClaims:
    """Return the claims of a token; time may have passed since they were verified."""
    decoded = jwt.decode_complete(
        token,
        key.get_secret_value(),
        [ALGORITHM],
        options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        audience=audience,
        issuer=issuer,
        leeway=_LEEWAY_SECONDS,
    )
    if decoded["header"].get("typ") != TYPE:
        raise jwt.InvalidTokenError
    return AccessClaims.model_validate(decoded["payload"])


def _now() -> float:
    return datetime.now(UTC).timestamp()


def new_refresh_token() -> str:
    """Return a refresh token: 256 random bits, without content."""
    return secrets.token_urlsafe(32)


def refresh_token_hash(token: str) -> str:
    """Return the stored hash of a refresh token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
