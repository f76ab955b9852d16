"""Schemas of the API keys that users create for themselves."""

from __future__ import annotations

from app.schemas.api_keys import ApiKeyCreate, ApiKeyRotate
from app.schemas.passwords import Password


class OwnApiKeyCreate(ApiKeyCreate):
    """A new key for your account, and the current password as confirmation."""

    current_password: Password


class OwnApiKeyRotate(ApiKeyRotate):
    """A rotation of your own key, and the current password as confirmation."""

    current_password: Password
