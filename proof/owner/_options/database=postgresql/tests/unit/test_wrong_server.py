"""A server that is there but cannot be written to is an outage, and it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, text

from app.core.database import Database
from app.errors import UnavailableError
from tests.settings import make_settings
from tests.statements import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True, scope="session"
)

MODE = "default_transaction_read_only"


@pytest.fixture
def name(migrated_url: str) -> Iterator[str]:
    """Give the name of a database that a test may spoil."""
    name = str(make_url(migrated_url).database)
    yield name
    mode = text("SET TRANSACTION READ WRITE")
    execute(migrated_url, mode, text(f"ALTER DATABASE {name} RESET {MODE}"))


async def run(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


async def write(database: Database) -> None:
    await run(database, "DELETE FROM items")


async def alter(url: str, statement: str) -> None:
    database = Database(make_settings(url).database)
    await run(database, "SET TRANSACTION READ WRITE", statement)
    await database.dispose()


async def test_a_read_only_server_is_unavailable_until_it_can_be_written_to(
    migrated_url: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await alter(migrated_url, f"ALTER DATABASE {name} SET {MODE} = on")
    database = Database(make_settings(migrated_url).database)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await write(database)
    assert "read-only" in capsys.readouterr().out
    await alter(migrated_url, f"ALTER DATABASE {name} RESET {MODE}")
    await write(database)
    await database.dispose()


@pytest.mark.parametrize(
    "code", ["25006", "42501", "42703", "42P01", "3F000", "53100", "57P03", "58030"]
)
async def test_a_wrong_state_is_unavailable(migrated_url: str, code: str) -> None:
    sql = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"
    database = Database(make_settings(migrated_url).database)
    with pytest.raises(UnavailableError):
        await run(database, sql)
    await write(database)
    await database.dispose()


async def test_a_read_only_server_can_be_read(migrated_url: str, name: str) -> None:
    await alter(migrated_url, f"ALTER DATABASE {name} SET {MODE} = on")
    database = Database(make_settings(migrated_url).database)
    async with database.transaction(readonly=True) as session:
        found = await session.scalar(text("SELECT count(*) FROM items"))
    await database.dispose()
    assert found is not None


async def test_a_read_only_server_is_not_ready(migrated_url: str, name: str) -> None:
    database = Database(make_settings(migrated_url).database)
    await alter(migrated_url, f"ALTER DATABASE {name} SET {MODE} = on")
    assert not await database.is_available()
    await alter(migrated_url, f"ALTER DATABASE {name} RESET {MODE}")
    assert await database.is_available()
    await database.dispose()
