"""A database in memory has one connection; migrations refuse it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.core.database import Database
from app.core.database.migrations import upgrade
from app.errors import ConfigurationError
from tests.client import all_at_once
from tests.settings import make_settings

URLS = pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])


@URLS
async def test_transactions_share_a_database_in_memory(url: str) -> None:
    database = Database(make_settings(url).database)

    async def insert() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO notes VALUES (1)"))

    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE notes (id INTEGER)"))
    await all_at_once([insert] * 5)
    async with database.transaction(readonly=True) as session:
        count = await session.scalar(text("SELECT count(*) FROM notes"))
    available = await database.is_available()
    await database.dispose()
    assert (count, available) == (5, True)


@URLS
def test_migrations_refuse_a_database_in_memory(url: str) -> None:
    with pytest.raises(ConfigurationError, match="name a file"):
        upgrade(make_settings(url))
