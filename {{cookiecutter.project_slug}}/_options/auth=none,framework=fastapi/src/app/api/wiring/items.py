"""The items service. Anybody may use it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.api.dependencies import SessionDep
from app.auth import ANONYMOUS
from app.repositories.items import SqlItemRepository
from app.services.items import ItemService


async def get_items(session: SessionDep) -> ItemService:
    """Return the service of all items: they belong to the one principal."""
    return ItemService(SqlItemRepository(session), ANONYMOUS.id)


ItemsToRead = Annotated[ItemService, Depends(get_items)]
ItemsToWrite = ItemsToRead
