"""SQLite, made safe for several writers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.core.drivers import sqlite as driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import DBAPIError, IntegrityError
    from sqlalchemy.pool import ConnectionPoolEntry

    from app.core.database_settings import DatabaseSettings

IS_SERVER: Final = False
MIGRATION_LOCK: Final = "SELECT 1"  # BEGIN IMMEDIATE below already locks the file
READ_OPTIONS: Final = {"readonly": True}

_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")


def driver_url(url: URL) -> URL:
    """Return the URL with the driver that the service uses."""
    return url.set(drivername=driver.NAME)


def engine_options(settings: DatabaseSettings) -> dict[str, Any]:
    """Return what `create_engine` takes; a writer waits for another that long."""
    return {"connect_args": {"timeout": settings.pool_timeout}}


def configure(engine: Engine, *, migrating: bool) -> None:
    """Set what SQLite needs: WAL, foreign keys, and one writer at a time.

    A transaction that first reads and then writes can fail half-way when another has
    written meanwhile. Taking the write lock at once (BEGIN IMMEDIATE) makes it wait
    its turn instead; those that only read take none.

    Migrations rebuild tables, and dropping a table deletes the rows that refer to it:
    foreign keys are off while they run.
    """

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        del entry
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA foreign_keys = {'OFF' if migrating else 'ON'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        readonly = connection.get_execution_options().get("readonly", False)
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the violated unique constraint's name, as the naming convention has it."""
    match = _UNIQUE.search(str(error.orig))
    if match is None:
        return None
    table, *columns = match["columns"].replace(", ", ".").split(".")
    return "_".join(["uq", table, *columns[::2]])


def is_transient(error: DBAPIError) -> bool:
    """Whether the same statement may succeed soon: the file is locked or away."""
    return isinstance(error, OperationalError)


def offences(url: URL) -> Iterator[str]:
    """Refuse a database that is gone when the process ends."""
    if url.database in {None, "", ":memory:"}:
        yield "DATABASE__URL names a database in memory; it ends with the process"
