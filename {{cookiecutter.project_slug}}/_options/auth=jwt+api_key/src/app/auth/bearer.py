"""The error for an API key where a signed-in user is required."""

from __future__ import annotations

from app.auth.errors import challenge
from app.errors import AppError


class BearerRequiredError(AppError):
    """An API key cannot do this: a leaked key must not reach its owner's account."""

    status = 403
    code = "bearer_required"
    default_detail = "This requires a signed-in user; an API key is not accepted."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge("Bearer")})
