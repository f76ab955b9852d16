"""Items over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status

from app.api.bodies import JSONRoute
from app.api.wiring.items import ItemsToRead, ItemsToWrite
from app.schemas.base import Page, PageQuery
from app.schemas.items import ItemCreate, ItemPublic, ItemUpdate

router = APIRouter(prefix="/items", tags=["items"], route_class=JSONRoute)


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_item(
    data: ItemCreate,
    items: ItemsToWrite,
    request: Request,
    response: Response,
) -> ItemPublic:
    """Create an item. `Location` holds its URL."""
    item = await items.create(data)
    response.headers["Location"] = request.url_for("get_item", item_id=item.id).path
    return item


@router.get("")
async def list_items(
    query: Annotated[PageQuery, Query()], items: ItemsToRead
) -> Page[ItemPublic]:
    """List the caller's items, newest first."""
    return await items.list(query)


@router.get("/{item_id}")
async def get_item(item_id: UUID, items: ItemsToRead) -> ItemPublic:
    """Return an item."""
    return await items.get(item_id)


@router.patch("/{item_id}")
async def update_item(
    item_id: UUID, data: ItemUpdate, items: ItemsToWrite
) -> ItemPublic:
    """Update an item. Fields that are not sent keep their values."""
    return await items.update(item_id, data)


@router.delete("/{item_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_item(item_id: UUID, items: ItemsToWrite) -> None:
    """Delete an item."""
    await items.delete(item_id)
