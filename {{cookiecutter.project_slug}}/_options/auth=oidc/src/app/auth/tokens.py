"""Access tokens of the provider (JWT, RFC 9068)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import jwt
from pydantic import BaseModel, Field

from app.auth.errors import InvalidTokenError
from app.schemas.base import Text

if TYPE_CHECKING:
    from app.auth.provider import Provider
    from app.core.settings.auth import AuthSettings

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
# Tokens that list many groups are long, but servers read no longer headers.
_MAX_LENGTH = 16_384

# The last second of the year 9999: later ones are no dates to most programs.
_END_OF_TIME = 253_402_300_799

type Seconds = Annotated[float, Field(strict=True, ge=0, le=_END_OF_TIME)]

# All that absurd input makes the parsers raise.
_ABSURD = (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError)


class _Claims(BaseModel):
    """What the claims must be made of; the rest may be anything."""

    sub: Annotated[Text, Field(min_length=1, max_length=255)]
    exp: Seconds
    iat: Seconds
    nbf: Seconds = 0


class _WrongTypeError(jwt.InvalidTokenError):
    """It is a token of another type."""


class _UnknownKeyError(jwt.InvalidTokenError):
    """The provider has no such key."""


async def read_access_token(
    settings: AuthSettings, provider: Provider, token: str
) -> dict[str, Any]:
    """Return the claims of a token that the provider has made for this service.

    Raises:
        InvalidTokenError: it did not, or the token does not live; the cause says why.
        ProviderUnavailableError: whether it did cannot be told now.
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
        _Claims.model_validate(claims)
    except _ABSURD as error:
        raise InvalidTokenError from error
    return claims


def _read_header(settings: AuthSettings, token: str) -> tuple[str, str | None]:
    """Return by which algorithm, of those allowed, and key a token claims to be signed.

    Keys and addresses that it brings along (`jwk`, `jku`, `x5u`) are never looked at
    (RFC 8725 section 3.10).
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
