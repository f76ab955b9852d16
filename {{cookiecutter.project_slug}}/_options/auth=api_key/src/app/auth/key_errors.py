"""API key errors."""

from __future__ import annotations

from app.core.errors import AppError


class ApiKeyOverError(AppError):
    """The key cannot be rotated: it is revoked, expired or already rotated."""

    status = 409
    code = "api_key_over"
    default_detail = "The key is revoked, expired or already rotated."
