"""API keys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from app.api.bodies import JSONRoute
from app.api.security import AccountOwner
from app.api.wiring.accounts import Accounts
from app.api.wiring.api_keys import ApiKeys, ApiKeysBegin
from app.schemas.api_keys import ApiKeyCreated, ApiKeyPublic
from app.schemas.base import Page, PageQuery
from app.schemas.own_api_keys import OwnApiKeyCreate, OwnApiKeyRotate
from app.services.key_confirmation import confirm

router = APIRouter(prefix="/api-keys", tags=["api_keys"], route_class=JSONRoute)


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_api_key(
    data: OwnApiKeyCreate,
    caller: AccountOwner,
    accounts: Accounts,
    begin: ApiKeysBegin,
) -> ApiKeyCreated:
    """Create a key for your account. The key itself is returned only once."""
    await confirm(caller, data.current_password, accounts)
    async with begin() as keys:
        return await keys.create(data, caller.id)


@router.get("")
async def list_api_keys(
    query: Annotated[PageQuery, Query()],
    keys: ApiKeys,
) -> Page[ApiKeyPublic]:
    """List your own keys, newest first."""
    return await keys.list(query)


@router.delete("/{api_key_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_api_key(api_key_id: UUID, keys: ApiKeys) -> None:
    """Revoke one of your own keys, with immediate effect."""
    await keys.revoke(api_key_id)


@router.post(
    "/{api_key_id}/rotate",
    status_code=status.HTTP_201_CREATED,
    responses={409: {}},
)
async def rotate_api_key(
    api_key_id: UUID,
    data: OwnApiKeyRotate,
    caller: AccountOwner,
    accounts: Accounts,
    begin: ApiKeysBegin,
) -> ApiKeyCreated:
    """Create a key that replaces yours. Both are valid until the overlap ends."""
    await confirm(caller, data.current_password, accounts)
    async with begin() as keys:
        return await keys.rotate(api_key_id, data)
