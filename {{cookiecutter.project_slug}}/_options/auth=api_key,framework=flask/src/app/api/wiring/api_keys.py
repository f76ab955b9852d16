"""The service of API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.api.dependencies import get_client, get_session
from app.repositories.api_keys import SqlApiKeyRepository
from app.services.api_keys import ApiKeyService

if TYPE_CHECKING:
    from app.auth.principal import Principal


def api_keys_of(caller: Principal) -> ApiKeyService:
    """Return the service of all keys, for an administrator."""
    keys = SqlApiKeyRepository(get_session())
    return ApiKeyService(keys, caller.scopes, get_client().address)
