"""Refusals to do something with a key."""

from __future__ import annotations

from app.core.errors import AppError


class ApiKeyOverError(AppError):
    """A key that is over, or has a successor already, cannot be rotated."""

    status = 409
    code = "api_key_over"
    default_detail = "This key is revoked, expired or rotated already."
