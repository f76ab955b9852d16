"""API keys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from app.api.bodies import JSONRoute
from app.api.wiring.api_keys import ApiKeys
from app.core.ids import uuid7
from app.schemas.api_keys import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyPublic,
    ApiKeyRotate,
)
from app.schemas.base import Page, PageQuery

router = APIRouter(prefix="/api-keys", tags=["api_keys"], route_class=JSONRoute)


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_api_key(data: ApiKeyCreate, keys: ApiKeys) -> ApiKeyCreated:
    """Create a key for a new caller. The key itself is returned only once."""
    return await keys.create(data, uuid7())


@router.get("")
async def list_api_keys(
    query: Annotated[PageQuery, Query()],
    keys: ApiKeys,
) -> Page[ApiKeyPublic]:
    """List keys, newest first."""
    return await keys.list(query)


@router.delete("/{api_key_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_api_key(api_key_id: UUID, keys: ApiKeys) -> None:
    """Revoke a key, with immediate effect."""
    await keys.revoke(api_key_id)


@router.post(
    "/{api_key_id}/rotate",
    status_code=status.HTTP_201_CREATED,
    responses={409: {}},
)
async def rotate_api_key(
    api_key_id: UUID,
    data: ApiKeyRotate,
    keys: ApiKeys,
) -> ApiKeyCreated:
    """Create a key that replaces another. Both are valid until the overlap ends."""
    return await keys.rotate(api_key_id, data)
