"""The service of API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.api.dependencies import get_client, get_session
from app.repositories.key_access import SqlOwnApiKeyRepository
from app.services.api_keys import ApiKeyService

if TYPE_CHECKING:
    from app.auth.principal import Principal


def api_keys_of(caller: Principal) -> ApiKeyService:
    """Return the caller's own keys."""
    keys = SqlOwnApiKeyRepository(get_session(), caller.id)
    return ApiKeyService(keys, caller.scopes, get_client().address)
