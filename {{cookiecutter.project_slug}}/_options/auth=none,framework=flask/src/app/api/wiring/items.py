"""The items service. Anybody may use it."""

from __future__ import annotations

from typing import Annotated

from app.api.dependencies import get_session
from app.api.operations import Given
from app.auth import ANONYMOUS, Principal
from app.repositories.items import SqlItemRepository
from app.services.items import ItemService

ItemReader = Annotated[Principal, Given(lambda: ANONYMOUS)]
ItemWriter = ItemReader


def items_of(caller: Principal) -> ItemService:
    """Return the service of all items: they belong to the one principal."""
    return ItemService(SqlItemRepository(get_session()), caller.id)
