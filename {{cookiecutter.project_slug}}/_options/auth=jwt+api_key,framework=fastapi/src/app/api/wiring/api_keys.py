"""The service of API keys, for callers who may manage keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from app.api.dependencies import SessionDep
from app.api.security import AccountOwner, SignedIn
from app.auth.principal import Principal
from app.core.database import Session
from app.repositories.key_access import SqlOwnApiKeyRepository
from app.services.api_keys import ApiKeyService

type Begin = Callable[[], AbstractAsyncContextManager[ApiKeyService]]


async def get_api_keys(
    request: Request,
    caller: SignedIn,
    session: SessionDep,
) -> ApiKeyService:
    """Return the caller's own keys; an API key cannot manage keys."""
    return _keys_of(caller, session, request)


async def get_begin(request: Request, caller: AccountOwner) -> Begin:
    """Return what begins the transaction, once the password has been verified."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[ApiKeyService]:
        async with request.app.state.database.transaction() as session:
            yield _keys_of(caller, session, request)

    return begin


def _keys_of(caller: Principal, session: Session, request: Request) -> ApiKeyService:
    keys = SqlOwnApiKeyRepository(session, caller.id)
    return ApiKeyService(keys, caller.scopes, request.state.client.address)


ApiKeys = Annotated[ApiKeyService, Depends(get_api_keys)]
ApiKeysBegin = Annotated[Begin, Depends(get_begin)]
