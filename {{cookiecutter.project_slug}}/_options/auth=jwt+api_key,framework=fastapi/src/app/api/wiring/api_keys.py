"""The service of API keys, for callers who may manage keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.api.dependencies import SessionDep
from app.api.security import SignedIn
from app.repositories.key_access import SqlOwnApiKeyRepository
from app.services.api_keys import ApiKeyService


async def get_api_keys(
    request: Request,
    caller: SignedIn,
    session: SessionDep,
) -> ApiKeyService:
    """Return the caller's own keys; an API key cannot manage keys."""
    keys = SqlOwnApiKeyRepository(session, caller.id)
    return ApiKeyService(keys, caller.scopes, request.state.client.address)


ApiKeys = Annotated[ApiKeyService, Depends(get_api_keys)]
