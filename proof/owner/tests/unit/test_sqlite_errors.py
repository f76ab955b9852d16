"""Errors of SQLite: an outage is 503 and logged, a mistake is 500."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core.database import Database
from app.core.database.dialects import DIALECTS
from app.core.database.migrations import upgrade
from app.errors import UnavailableError
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a migrated database."""
    upgrade(settings_of(tmp_path / "app.db"))
    return tmp_path / "app.db"


def settings_of(file: Path) -> Settings:
    return make_settings(f"sqlite:///{file}")


async def write(database: Database, sql: str = "DELETE FROM items") -> None:
    async with database.transaction() as session:
        await session.execute(text(sql))


def error_with(code: int, message: str = "no") -> OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return OperationalError("SELECT", {}, error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (error_with(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (error_with(sqlite3.SQLITE_LOCKED), True),
        (error_with(sqlite3.SQLITE_FULL), True),
        (error_with(sqlite3.SQLITE_IOERR_WRITE), True),
        (error_with(sqlite3.SQLITE_CANTOPEN), True),
        (error_with(sqlite3.SQLITE_ERROR, "no such table: items"), True),
        (error_with(sqlite3.SQLITE_ERROR, 'near "no": syntax error'), False),
        (error_with(sqlite3.SQLITE_MISUSE), False),
    ],
)
def test_an_error_is_transient_by_its_code(
    error: OperationalError, *, expected: bool
) -> None:
    assert DIALECTS["sqlite"].is_transient(error) is expected


async def test_a_mistake_is_no_outage(file: Path) -> None:
    database = Database(settings_of(file).database)
    with pytest.raises(OperationalError):
        await write(database, "no SQL")
    await database.dispose()


async def test_the_cause_of_an_outage_is_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(settings_of(tmp_path / "missing" / "app.db").database)
    with pytest.raises(UnavailableError):
        await write(database)
    await database.dispose()
    log = capsys.readouterr().out
    assert "database_unavailable" in log
    assert "unable to open database file" in log


def damage(file: Path) -> Callable[[], int]:
    """Damage a file, and return what restores it."""
    restore = partial(file.write_bytes, file.read_bytes())
    file.write_bytes(b"no database" * 1000)
    return restore


async def test_a_damaged_file_is_unavailable_until_it_is_restored(file: Path) -> None:
    restore = damage(file)
    database = Database(settings_of(file).database)
    with pytest.raises(UnavailableError):
        await write(database)
    restore()
    await write(database)
    await database.dispose()
