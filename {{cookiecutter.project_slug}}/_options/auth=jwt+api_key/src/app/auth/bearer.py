"""What an API key does not do, however much it may."""

from __future__ import annotations

from app.auth.errors import challenge
from app.core.errors import AppError


class BearerRequiredError(AppError):
    """A key that leaks must not be able to make others, which would outlive it."""

    status = 403
    code = "bearer_required"
    default_detail = "This needs a signed-in user; an API key cannot do it."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge("Bearer")})
