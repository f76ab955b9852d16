"""Authentication and authorization errors (RFC 6750 section 3)."""

from __future__ import annotations

from app import DISTRIBUTION
from app.auth import SCHEMES
from app.errors import AppError


def challenge(scheme: str, **parameters: str) -> str:
    """Return a WWW-Authenticate challenge (RFC 9110 section 11.3)."""
    named = {"realm": DISTRIBUTION} | parameters
    return f"{scheme} " + ", ".join(f'{key}="{value}"' for key, value in named.items())


class NotAuthenticatedError(AppError):
    """No credentials were sent."""

    status = 401
    code = "not_authenticated"
    default_detail = "Authentication required."

    def __init__(self) -> None:
        challenges = ", ".join(challenge(scheme) for scheme in SCHEMES)
        super().__init__(headers={"WWW-Authenticate": challenges})


class InvalidTokenError(AppError):
    """The credentials are invalid, expired or revoked."""

    status = 401
    code = "invalid_token"
    default_detail = "The token is invalid, expired or revoked."

    def __init__(self, scheme: str = SCHEMES[0]) -> None:
        refused = challenge(scheme, error="invalid_token")
        super().__init__(headers={"WWW-Authenticate": refused})


class InsufficientScopeError(AppError):
    """The caller lacks the required scope."""

    status = 403
    code = "insufficient_scope"
    default_detail = "You do not have the required scope."

    def __init__(self, scope: str, scheme: str = SCHEMES[0]) -> None:
        refused = challenge(scheme, error="insufficient_scope", scope=scope)
        super().__init__(headers={"WWW-Authenticate": refused})
