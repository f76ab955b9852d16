"""Operations on items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import NotFoundError
from app.models.item import Item
from app.schemas.base import Page
from app.schemas.items import ItemPublic

if TYPE_CHECKING:
    from uuid import UUID

    from app.repositories.items import ItemRepository
    from app.schemas.base import PageQuery
    from app.schemas.items import ItemCreate, ItemUpdate


class ItemService:
    """The items of one owner; items of others are not found."""

    def __init__(self, items: ItemRepository, owner_id: UUID) -> None:
        self._items = items
        self._owner_id = owner_id

    async def create(self, data: ItemCreate) -> ItemPublic:
        """Create an item."""
        item = Item(owner_id=self._owner_id, **data.model_dump())
        await self._items.add(item)
        return ItemPublic.model_validate(item)

    async def list(self, query: PageQuery) -> Page[ItemPublic]:
        """Return a page of items, newest first."""
        total = await self._items.count(self._owner_id)
        items = await self._items.list(
            self._owner_id,
            offset=query.offset,
            limit=query.size,
        )
        return Page[ItemPublic](
            items=[ItemPublic.model_validate(item) for item in items],
            page=query.page,
            size=query.size,
            total=total,
        )

    async def get(self, item_id: UUID) -> ItemPublic:
        """Return an item.

        Raises:
            NotFoundError: the owner has no such item.
        """
        item = await self._find(item_id)
        return ItemPublic.model_validate(item)

    async def update(self, item_id: UUID, data: ItemUpdate) -> ItemPublic:
        """Change the fields that were sent.

        Raises:
            NotFoundError: the owner has no such item.
        """
        item = await self._find(item_id)
        for name, value in data.model_dump(exclude_unset=True).items():
            setattr(item, name, value)
        await self._items.save(item)
        return ItemPublic.model_validate(item)

    async def delete(self, item_id: UUID) -> None:
        """Delete an item.

        Raises:
            NotFoundError: the owner has no such item.
        """
        item = await self._find(item_id)
        await self._items.delete(item)

    async def _find(self, item_id: UUID) -> Item:
        item = await self._items.find(self._owner_id, item_id)
        if item is None:
            raise NotFoundError
        return item
