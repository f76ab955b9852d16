"""The service of API keys, for callers who may manage keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.api.dependencies import SessionDep
from app.api.security import Admin
from app.repositories.api_keys import SqlApiKeyRepository
from app.services.api_keys import ApiKeyService


async def get_api_keys(
    request: Request,
    caller: Admin,
    session: SessionDep,
) -> ApiKeyService:
    """Return the service of all keys, for an administrator."""
    keys = SqlApiKeyRepository(session)
    return ApiKeyService(keys, caller.scopes, request.state.client.address)


ApiKeys = Annotated[ApiKeyService, Depends(get_api_keys)]
