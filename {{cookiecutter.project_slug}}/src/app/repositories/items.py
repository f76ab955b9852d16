"""Items in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.models.item import Item
from app.repositories.base import SqlRepository

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


class ItemRepository(Protocol):
    """A store of items; every query filters by owner."""

    async def add(self, item: Item) -> None:
        """Add a new item."""

    async def find(self, owner_id: UUID, item_id: UUID) -> Item | None:
        """Return the item, or None."""

    async def list(self, owner_id: UUID, *, offset: int, limit: int) -> Sequence[Item]:
        """Return the owner's items, newest first."""

    async def count(self, owner_id: UUID) -> int:
        """Return the number of the owner's items."""

    async def save(self, item: Item) -> None:
        """Save changes; raise NotFoundError if the item has been deleted."""

    async def delete(self, item: Item) -> None:
        """Delete an item."""


class SqlItemRepository(SqlRepository[Item]):
    """Items in the database, within the caller's transaction."""

    entity = Item

    async def find(self, owner_id: UUID, item_id: UUID) -> Item | None:
        """Select the row by its key and owner."""
        return await self._first(Item.id == item_id, Item.owner_id == owner_id)

    async def list(self, owner_id: UUID, *, offset: int, limit: int) -> Sequence[Item]:
        """Select a page of the owner's rows."""
        return await self._page(Item.owner_id == owner_id, offset=offset, limit=limit)

    async def count(self, owner_id: UUID) -> int:
        """Count the owner's rows in the index."""
        return await self._count(Item.owner_id == owner_id)
