"""Schemas of the API keys that users create for themselves."""

from __future__ import annotations

from app.schemas.api_keys import ApiKeyCreate, ApiKeyRotate
from app.schemas.passwords import Password


class OwnApiKeyCreate(ApiKeyCreate):
    """A new key for your account.

    Confirmed with the current password, unless you have just logged in.
    """

    current_password: Password | None = None


class OwnApiKeyRotate(ApiKeyRotate):
    """A rotation of your own key, confirmed like a new one."""

    current_password: Password | None = None
