"""The items service, for callers who may use it."""

from __future__ import annotations

from typing import Annotated

from app.api.dependencies import get_session
from app.api.security import HolderOf
from app.auth.principal import Principal
from app.repositories.items import SqlItemRepository
from app.scopes.items import ITEMS_READ, ITEMS_WRITE
from app.services.items import ItemService

ItemReader = Annotated[Principal, HolderOf(ITEMS_READ)]
ItemWriter = Annotated[Principal, HolderOf(ITEMS_WRITE)]


def items_of(caller: Principal) -> ItemService:
    """Return the service of the caller's items."""
    return ItemService(SqlItemRepository(get_session()), caller.id)
