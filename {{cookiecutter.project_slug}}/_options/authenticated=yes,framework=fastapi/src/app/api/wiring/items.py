"""The items service, for callers who may use it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.api.dependencies import SessionDep
from app.api.security import holder_of
from app.auth.principal import Principal
from app.repositories.items import SqlItemRepository
from app.scopes.items import ITEMS_READ, ITEMS_WRITE
from app.services.items import ItemService

ItemReader = Annotated[Principal, holder_of(ITEMS_READ)]
ItemWriter = Annotated[Principal, holder_of(ITEMS_WRITE)]


async def get_items_to_read(caller: ItemReader, session: SessionDep) -> ItemService:
    """Return the service of the caller's items."""
    return ItemService(SqlItemRepository(session), caller.id)


async def get_items_to_write(caller: ItemWriter, session: SessionDep) -> ItemService:
    """Return the service of the caller's items."""
    return ItemService(SqlItemRepository(session), caller.id)


ItemsToRead = Annotated[ItemService, Depends(get_items_to_read)]
ItemsToWrite = Annotated[ItemService, Depends(get_items_to_write)]
