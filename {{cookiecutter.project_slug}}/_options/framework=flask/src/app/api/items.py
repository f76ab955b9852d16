"""Items over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, g

from app.api.dependencies import get_session
from app.api.operations import operation
from app.api.security import Reader, Writer
from app.auth import Principal
from app.repositories.items import SqlItemRepository
from app.schemas.items import ItemCreate, ItemPublic, ItemUpdate
from app.schemas.pages import Page, PageQuery
from app.services.items import ItemService

blueprint = Blueprint("items", __name__, url_prefix="/items")


def items_of(principal: Principal) -> ItemService:
    """Return the caller's items."""
    return ItemService(SqlItemRepository(get_session()), principal.id)


@blueprint.post("")
@operation(HTTPStatus.CREATED)
def create_item(data: ItemCreate, principal: Writer) -> ItemPublic:
    """Make an item; its address is in the Location header."""
    item = items_of(principal).create(data)
    g.headers["Location"] = f"/api/v1/items/{item.id}"
    return item


@blueprint.get("")
@operation()
def list_items(query: PageQuery, principal: Reader) -> Page[ItemPublic]:
    """List the caller's items, the newest first."""
    return items_of(principal).list(query)


@blueprint.get("/<item_id>")
@operation()
def get_item(item_id: UUID, principal: Reader) -> ItemPublic:
    """Get one item."""
    return items_of(principal).get(item_id)


@blueprint.patch("/<item_id>")
@operation()
def update_item(item_id: UUID, data: ItemUpdate, principal: Writer) -> ItemPublic:
    """Change the fields that are sent."""
    return items_of(principal).update(item_id, data)


@blueprint.delete("/<item_id>")
@operation(HTTPStatus.NO_CONTENT)
def delete_item(item_id: UUID, principal: Writer) -> None:
    """Delete an item."""
    items_of(principal).delete(item_id)
