"""Refusals of credentials (RFC 6750 section 3)."""

from __future__ import annotations

from app.about import DISTRIBUTION
from app.auth.schemes import SCHEMES
from app.core.errors import AppError


def challenge(scheme: str, **parameters: str) -> str:
    """Return a WWW-Authenticate challenge (RFC 9110 section 11.3)."""
    named = {"realm": DISTRIBUTION} | parameters
    return f"{scheme} " + ", ".join(f'{key}="{value}"' for key, value in named.items())


class NotAuthenticatedError(AppError):
    """Nothing was sent that could say who is calling."""

    status = 401
    code = "not_authenticated"
    default_detail = "Say who you are first."

    def __init__(self) -> None:
        challenges = ", ".join(challenge(scheme) for scheme in SCHEMES)
        super().__init__(headers={"WWW-Authenticate": challenges})


class InvalidTokenError(AppError):
    """What was sent does not say who is calling, or does so no longer."""

    status = 401
    code = "invalid_token"
    default_detail = "The token is not valid, or is not valid any more."

    def __init__(self, scheme: str = SCHEMES[0]) -> None:
        refused = challenge(scheme, error="invalid_token")
        super().__init__(headers={"WWW-Authenticate": refused})


class InsufficientScopeError(AppError):
    """The caller is known, but may not do this."""

    status = 403
    code = "insufficient_scope"
    default_detail = "This needs a scope that you do not have."

    def __init__(self, scope: str, scheme: str = SCHEMES[0]) -> None:
        refused = challenge(scheme, error="insufficient_scope", scope=scope)
        super().__init__(headers={"WWW-Authenticate": refused})
