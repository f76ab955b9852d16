"""A session cannot be used after its transaction, so no connection is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from app.core.database import Database
from app.core.database.sessions import SessionEndedError
from app.models.item import Item
from tests.settings import make_settings

if TYPE_CHECKING:
    from app.core.database import Session


async def ended(database: Database, *, readonly: bool) -> Session:
    async with database.transaction(readonly=readonly) as session:
        await session.execute(text("SELECT 1"))
    return session


@pytest.mark.parametrize("readonly", [True, False])
async def test_a_session_ends_with_its_transaction(
    migrated_url: str, *, readonly: bool
) -> None:
    few = {"url": migrated_url, "pool_size": 2, "pool_timeout": 0.1}
    database = Database(make_settings(migrated_url, database=few).database)
    for _ in range(3):  # more than there are connections
        session = await ended(database, readonly=readonly)
        for statement in (text("SELECT 1"), select(Item)):
            with pytest.raises(SessionEndedError, match=r"database\.transaction\(\)"):
                await session.execute(statement)
        with pytest.raises(SessionEndedError):
            await session.get(Item, uuid4())
        with pytest.raises(SessionEndedError):
            await session.connection()
    await ended(database, readonly=False)
    await database.dispose()


async def test_a_change_after_the_transaction_is_refused(database: Database) -> None:
    session = await ended(database, readonly=False)
    session.add(Item(owner_id=uuid4(), name="chair"))
    with pytest.raises(SessionEndedError):
        await session.commit()


async def test_a_session_ends_with_a_failed_transaction(database: Database) -> None:
    session = None

    async def fail() -> None:
        nonlocal session
        async with database.transaction() as session:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert session is not None
    with pytest.raises(SessionEndedError):
        await session.execute(text("SELECT 1"))
