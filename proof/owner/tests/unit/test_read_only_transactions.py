"""A transaction that only reads refuses to write."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from app.core.database import Database
from app.core.database.sessions import ReadOnlyError
from app.models.item import Item
from tests.settings import make_settings

if TYPE_CHECKING:
    from sqlalchemy import Executable


def with_one_connection(url: str) -> Database:
    """Return a database with one connection, which all transactions take in turn."""
    return Database(make_settings(url, database={"url": url, "pool_size": 1}).database)


async def read(database: Database, statement: Executable) -> None:
    async with database.transaction(readonly=True) as session:
        await session.execute(statement)


async def read_below_the_session(database: Database, statement: Executable) -> None:
    async with database.transaction(readonly=True) as session:
        connection = await session.connection()
        await connection.execute(statement)


async def write(database: Database, statement: Executable) -> None:
    async with database.transaction() as session:
        await session.execute(statement)


async def add_a_row_and_commit(database: Database) -> None:
    async with database.transaction(readonly=True) as session:
        session.add(Item(owner_id=uuid4(), name="chair"))


async def test_a_flush_is_refused(database: Database) -> None:
    async with database.transaction(readonly=True) as session:
        session.add(Item(owner_id=uuid4(), name="chair"))
        with pytest.raises(ReadOnlyError):
            await session.flush()
        session.expunge_all()


async def test_the_flush_of_a_commit_is_refused(database: Database) -> None:
    with pytest.raises(ReadOnlyError):
        await add_a_row_and_commit(database)


@pytest.mark.parametrize(
    "statement",
    [insert(Item), update(Item).values(name="x"), delete(Item)],
    ids=["insert", "update", "delete"],
)
async def test_a_change_is_refused(database: Database, statement: Executable) -> None:
    with pytest.raises(ReadOnlyError):
        await read(database, statement)


@pytest.mark.parametrize(
    "sql", ["DELETE FROM items", "UPDATE items SET name = 'x'", "DROP TABLE items"]
)
async def test_the_connection_refuses_what_the_session_does_not_see(
    migrated_url: str, sql: str
) -> None:
    database = with_one_connection(migrated_url)
    for attempt in (read, read_below_the_session):
        with pytest.raises(ReadOnlyError):
            await attempt(database, text(sql))
    await database.dispose()


async def test_the_next_transaction_of_a_connection_may_write(
    migrated_url: str,
) -> None:
    database = with_one_connection(migrated_url)
    for _ in range(2):
        await read(database, text("SELECT 1"))
        await write(database, delete(Item))
        with pytest.raises(ReadOnlyError):
            await read(database, text("DELETE FROM items"))
    await database.dispose()


async def test_a_failed_write_leaves_the_mode_of_its_connection(
    migrated_url: str,
) -> None:
    database = with_one_connection(migrated_url)
    await read(database, text("SELECT 1"))
    with pytest.raises(DBAPIError):
        await write(database, text("no SQL"))
    await write(database, delete(Item))
    await database.dispose()
