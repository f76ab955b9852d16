"""The rules about items; no database is needed to test them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from app.core.ids import uuid7
from app.errors import NotFoundError
from app.models.base import utc_now
from app.schemas.base import PageQuery
from app.schemas.items import ItemCreate, ItemUpdate
from app.services.items import ItemService

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.item import Item
    from app.repositories.items import ItemRepository

ALICE, BOB = uuid4(), uuid4()


class ItemsInMemory:
    """A repository that is a dictionary."""

    def __init__(self) -> None:
        self._items: dict[UUID, Item] = {}

    async def add(self, item: Item) -> None:
        item.id = uuid7()
        item.created_at = item.updated_at = utc_now()
        self._items[item.id] = item

    async def find(self, owner_id: UUID, item_id: UUID) -> Item | None:
        item = self._items.get(item_id)
        return item if item is not None and item.owner_id == owner_id else None

    async def list(self, owner_id: UUID, *, offset: int, limit: int) -> Sequence[Item]:
        owned = [item for item in self._items.values() if item.owner_id == owner_id]
        return owned[::-1][offset : offset + limit]

    async def count(self, owner_id: UUID) -> int:
        return sum(item.owner_id == owner_id for item in self._items.values())

    async def save(self, item: Item) -> None:
        item.updated_at = utc_now()

    async def delete(self, item: Item) -> None:
        del self._items[item.id]


@pytest.fixture
def repository() -> ItemRepository:
    return ItemsInMemory()


@pytest.fixture
def items(repository: ItemRepository) -> ItemService:
    return ItemService(repository, ALICE)


async def test_somebody_elses_item_is_as_if_it_did_not_exist(
    items: ItemService, repository: ItemRepository
) -> None:
    item = await items.create(ItemCreate(name="chair"))
    others = ItemService(repository, BOB)
    with pytest.raises(NotFoundError):
        await others.get(item.id)
    with pytest.raises(NotFoundError):
        await others.update(item.id, ItemUpdate(name="mine"))
    with pytest.raises(NotFoundError):
        await others.delete(item.id)
    listed = await others.list(PageQuery())
    assert listed.total == 0
    unchanged = await items.get(item.id)
    assert unchanged == item


async def test_only_the_fields_that_are_sent_change(items: ItemService) -> None:
    item = await items.create(ItemCreate(name="chair", description="oak"))
    renamed = await items.update(item.id, ItemUpdate(name="table"))
    assert (renamed.name, renamed.description) == ("table", "oak")
    cleared = await items.update(item.id, ItemUpdate(description=None))
    assert (cleared.name, cleared.description) == ("table", None)
