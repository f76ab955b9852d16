"""Access tokens of the provider (JWT, RFC 9068)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import jwt
from pydantic import BaseModel, Field

from app.auth.errors import InvalidTokenError
from app.schemas.base import Text

if TYPE_CHECKING:
    from app.auth.provider_cache import Provider
    from app.core.settings.auth import AuthSettings

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
# Tokens with many groups are long, but servers limit headers to about this size.
_MAX_LENGTH = 16_384

# The last second of the year 9999, the latest date of most programs.
_END_OF_TIME = 253_402_300_799

type Seconds = Annotated[float, Field(strict=True, ge=0, le=_END_OF_TIME)]

# The errors that parsers raise on malformed input.
_ABSURD = (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError)


class _Claims(BaseModel):
    """The required types of claims; other claims are ignored."""

    sub: Annotated[Text, Field(min_length=1, max_length=255)]
    exp: Seconds
    iat: Seconds
    nbf: Seconds = 0


class _WrongTypeError(jwt.InvalidTokenError):
    """The token has another type."""


class _UnknownKeyError(jwt.InvalidTokenError):
    """The provider has no such key."""


async def read_access_token(
    settings: AuthSettings, provider: Provider, token: str
) -> dict[str, Any]:
    """Return the claims of a valid token that the provider issued for this service.

    Raises:
        InvalidTokenError: the token is not valid; the cause has the reason.
        ProviderUnavailableError: the token cannot be verified now.
    """
    try:
        algorithm, kid = _read_header(settings, token)
        key = await provider.key_for(kid, algorithm)
        if key is None:
            raise _UnknownKeyError
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public,
            [algorithm],
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=settings.leeway_seconds,
        )
        # The leeway is for `iat` and `nbf`: it does not prolong a token's lifetime.
        if _Claims.model_validate(claims).exp <= time.time():
            raise jwt.ExpiredSignatureError
    except _ABSURD as error:
        raise InvalidTokenError from error
    return claims


def _read_header(settings: AuthSettings, token: str) -> tuple[str, str | None]:
    """Return the allowed algorithm and the key id that a token names.

    Keys and URLs in it (`jwk`, `jku`, `x5u`) are ignored (RFC 8725 section 3.10).
    """
    if len(token) > _MAX_LENGTH:
        raise jwt.DecodeError
    header = jwt.get_unverified_header(token)
    algorithm, kind = header.get("alg"), header.get("typ", "JWT")
    if algorithm not in settings.algorithms:
        raise jwt.InvalidAlgorithmError
    allowed = {"at+jwt"} if settings.require_access_token_type else {"at+jwt", "jwt"}
    if str(kind).lower().removeprefix("application/") not in allowed:
        raise _WrongTypeError
    return algorithm, header.get("kid")
