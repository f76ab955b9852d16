"""SQLite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import DBAPIError, IntegrityError
    from sqlalchemy.pool import ConnectionPoolEntry

    from app.core.settings.database import DatabaseSettings

_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")


class SQLite:
    """SQLite, made safe for several writers.

    Attributes:
        MIGRATION_LOCK: a statement that keeps a second migration waiting.
        READ_OPTIONS: execution options of transactions that only read.
    """

    # BEGIN IMMEDIATE below already locks the file.
    MIGRATION_LOCK: ClassVar[str] = "SELECT 1"
    READ_OPTIONS: ClassVar[dict[str, Any]] = {"readonly": True}

    def __init__(self, driver: str) -> None:
        self._driver = driver

    def driver_url(self, url: URL) -> URL:
        """Return the URL with the driver of the service."""
        return url.set(drivername=self._driver)

    def engine_options(self, settings: DatabaseSettings) -> dict[str, Any]:
        """Return the options for `create_engine`: how long a writer waits."""
        return {"connect_args": {"timeout": settings.pool_timeout}}

    def configure(self, engine: Engine, *, migrating: bool) -> None:
        """Set what SQLite needs: WAL, foreign keys, and one writer at a time.

        A transaction that first reads and then writes can fail half-way when another
        has written meanwhile. Taking the write lock at once (BEGIN IMMEDIATE) makes it
        wait its turn instead; those that only read take none.

        Migrations rebuild tables, and dropping a table deletes the rows that refer to
        it: foreign keys are off while they run.
        """

        @event.listens_for(engine, "connect")
        def set_pragmas(
            connection: DBAPIConnection,
            entry: ConnectionPoolEntry,
        ) -> None:
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

    def violated_constraint(self, error: IntegrityError) -> str | None:
        """Return the violated unique constraint's name, by the naming convention."""
        match = _UNIQUE.search(str(error.orig))
        if match is None:
            return None
        table, *columns = match["columns"].replace(", ", ".").split(".")
        return "_".join(["uq", table, *columns[::2]])

    def is_transient(self, error: DBAPIError) -> bool:
        """Return whether the error is transient: the file is locked or missing."""
        return isinstance(error, OperationalError)
