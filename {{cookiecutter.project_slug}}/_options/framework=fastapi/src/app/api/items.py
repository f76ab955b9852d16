"""Items over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status

from app.api.dependencies import SessionDep
from app.api.routing import JSONRoute
from app.api.security import Reader, Writer
from app.repositories.items import SqlItemRepository
from app.schemas.items import ItemCreate, ItemPublic, ItemUpdate
from app.schemas.pages import Page, PageQuery
from app.services.items import ItemService

router = APIRouter(prefix="/items", tags=["items"], route_class=JSONRoute)


async def get_items(principal: Reader, session: SessionDep) -> ItemService:
    """Give the caller's items to read."""
    return ItemService(SqlItemRepository(session), principal.id)


async def get_items_to_change(principal: Writer, session: SessionDep) -> ItemService:
    """Give the caller's items to change."""
    return ItemService(SqlItemRepository(session), principal.id)


Items = Annotated[ItemService, Depends(get_items)]
ItemsToChange = Annotated[ItemService, Depends(get_items_to_change)]


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_item(
    data: ItemCreate,
    items: ItemsToChange,
    response: Response,
) -> ItemPublic:
    """Make an item; its address is in the Location header."""
    item = await items.create(data)
    response.headers["Location"] = f"/api/v1/items/{item.id}"
    return item


@router.get("")
async def list_items(
    query: Annotated[PageQuery, Query()], items: Items
) -> Page[ItemPublic]:
    """List the caller's items, the newest first."""
    return await items.list(query)


@router.get("/{item_id}")
async def get_item(item_id: UUID, items: Items) -> ItemPublic:
    """Get one item."""
    return await items.get(item_id)


@router.patch("/{item_id}")
async def update_item(
    item_id: UUID, data: ItemUpdate, items: ItemsToChange
) -> ItemPublic:
    """Change the fields that are sent."""
    return await items.update(item_id, data)


@router.delete("/{item_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_item(item_id: UUID, items: ItemsToChange) -> None:
    """Delete an item."""
    await items.delete(item_id)
