"""Items in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.orm.exc import StaleDataError

from app.core.errors import NotFoundError
from app.models.item import Item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.core.database import Session


class ItemRepository(Protocol):
    """Where items are kept; every query names the owner."""

    async def add(self, item: Item) -> None:
        """Keep a new item."""

    async def find(self, owner_id: UUID, item_id: UUID) -> Item | None:
        """Return the item, or nothing."""

    async def list(self, owner_id: UUID, *, offset: int, limit: int) -> Sequence[Item]:
        """Return the owner's items, the newest first."""

    async def count(self, owner_id: UUID) -> int:
        """Return how many items the owner has."""

    async def save(self, item: Item) -> None:
        """Keep what has changed, or raise NotFoundError if the item is gone by now."""

    async def delete(self, item: Item) -> None:
        """Forget an item."""


class SqlItemRepository:
    """Items in the database, within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, item: Item) -> None:
        """Insert the row."""
        self._session.add(item)
        await self._session.flush()

    async def find(self, owner_id: UUID, item_id: UUID) -> Item | None:
        """Select the row by its key and owner."""
        query = select(Item).where(Item.id == item_id, Item.owner_id == owner_id)
        item: Item | None = await self._session.scalar(query)
        return item

    async def list(self, owner_id: UUID, *, offset: int, limit: int) -> Sequence[Item]:
        """Select a page; ids grow with time, so they give the order."""
        query = (
            select(Item)
            .where(Item.owner_id == owner_id)
            .order_by(Item.id.desc())
            .offset(offset)
            .limit(limit)
        )
        rows = await self._session.scalars(query)
        return rows.all()

    async def count(self, owner_id: UUID) -> int:
        """Count the rows in the index."""
        query = select(func.count()).select_from(Item).where(Item.owner_id == owner_id)
        total = await self._session.scalar(query)
        return total or 0

    async def save(self, item: Item) -> None:
        """Update the changed columns."""
        self._session.add(item)
        try:
            await self._session.flush()
        except StaleDataError as error:
            raise NotFoundError from error

    async def delete(self, item: Item) -> None:
        """Delete the row, if it is still there."""
        await self._session.execute(delete(Item).where(Item.id == item.id))
