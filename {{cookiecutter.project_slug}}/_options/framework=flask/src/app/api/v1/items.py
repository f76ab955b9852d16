"""Items over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, g, url_for

from app.api.operations import operation
from app.api.wiring.items import ItemReader, ItemWriter, items_of
from app.schemas.base import Page, PageQuery
from app.schemas.items import ItemCreate, ItemPublic, ItemUpdate

blueprint = Blueprint("items", __name__, url_prefix="/items")


@blueprint.post("")
@operation(HTTPStatus.CREATED)
def create_item(data: ItemCreate, caller: ItemWriter) -> ItemPublic:
    """Create an item. `Location` holds its URL."""
    item = items_of(caller).create(data)
    g.headers["Location"] = url_for(".get_item", item_id=item.id)
    return item


@blueprint.get("")
@operation()
def list_items(query: PageQuery, caller: ItemReader) -> Page[ItemPublic]:
    """List the caller's items, newest first."""
    return items_of(caller).list(query)


@blueprint.get("/<item_id>")
@operation()
def get_item(item_id: UUID, caller: ItemReader) -> ItemPublic:
    """Return an item."""
    return items_of(caller).get(item_id)


@blueprint.patch("/<item_id>")
@operation()
def update_item(item_id: UUID, data: ItemUpdate, caller: ItemWriter) -> ItemPublic:
    """Update an item. Fields that are not sent keep their values."""
    return items_of(caller).update(item_id, data)


@blueprint.delete("/<item_id>")
@operation(HTTPStatus.NO_CONTENT)
def delete_item(item_id: UUID, caller: ItemWriter) -> None:
    """Delete an item."""
    items_of(caller).delete(item_id)
