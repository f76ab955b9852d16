"""SQLite."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import event, inspect
from sqlalchemy.exc import OperationalError

from app.core.database.sessions import ReadOnlyError, is_read_only
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
    from sqlalchemy.exc import DBAPIError, IntegrityError
    from sqlalchemy.pool import ConnectionPoolEntry

    from app.core.settings.database import DatabaseSettings

# The file is not what it was: read-only, damaged, or replaced by another.
_WRONG_FILE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
}
_TRANSIENT = _WRONG_FILE | {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
_VIOLATION = re.compile(r"(?P<kind>.+) constraint failed(: (?P<subject>.+))?")
_UNIQUE = re.compile(
    r"CONSTRAINT \W?(?P<name>\w+)\W? (UNIQUE|PRIMARY KEY) \((?P<columns>.+?)\)"
)


class SQLite:
    """SQLite, made safe for several writers.

    Attributes:
        MIGRATION_LOCK: a query that takes the lock of migrations, or returns false.
        READ_OPTIONS: execution options of transactions that only read.
        CHECK: a query that returns a row if the database can be used.
    """

    # BEGIN IMMEDIATE below already locks the file.
    MIGRATION_LOCK: ClassVar[str] = "SELECT 1"
    READ_OPTIONS: ClassVar[dict[str, Any]] = {"readonly": True}
    CHECK: ClassVar[str] = "SELECT count(*) FROM sqlite_master"

    def __init__(self, driver: str) -> None:
        self._driver = driver

    def driver_url(self, url: URL) -> URL:
        """Return the URL with the driver of the service."""
        return url.set(drivername=self._driver)

    def engine_options(self, settings: DatabaseSettings) -> dict[str, Any]:
        """Return the options for `create_engine`: how long a writer waits.

        A database in memory is gone with its connection, so it has exactly one.
        """
        timeout = {"timeout": settings.lock_timeout}
        url = self.driver_url(settings.address())
        if not is_in_memory(url):
            return {"connect_args": timeout}
        dialect = cast("Any", url.get_dialect())
        pool = dialect.get_pool_class(url.set(database="file"))
        alone = {"poolclass": pool, "pool_size": 1}
        return {"connect_args": {**timeout, "check_same_thread": False}, **alone}

    def configure(self, engine: Engine, *, migrating: bool) -> None:
        """Set what SQLite needs: WAL, foreign keys, and one writer at a time.

        A transaction that first reads and then writes can fail half-way when another
        has written meanwhile. Taking the write lock at once (BEGIN IMMEDIATE) makes it
        wait its turn instead; those that only read take none.

        Migrations rebuild tables, and dropping a table deletes the rows that refer to
        it: foreign keys are off while they run.

        Raises:
            ConfigurationError: no other connection would find the tables that
                migrations create in memory.
        """
        if migrating and is_in_memory(engine.url):
            raise ConfigurationError(
                "DATABASE__URL names a database in memory; name a file"
            )

        @event.listens_for(engine, "connect")
        def set_pragmas(
            connection: DBAPIConnection,
            _entry: ConnectionPoolEntry,
        ) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute(f"PRAGMA foreign_keys = {'OFF' if migrating else 'ON'}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            readonly = is_read_only(connection)
            if connection.info.get("readonly", False) != readonly:
                connection.exec_driver_sql(f"PRAGMA query_only = {int(readonly)}")
                connection.info["readonly"] = readonly
            connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

        @event.listens_for(engine, "handle_error")
        def leave_wrong_file(context: ExceptionContext) -> Exception | None:
            """Drop all connections: they have the same file open."""
            code = _code(context.original_exception)
            if code == sqlite3.SQLITE_READONLY and is_read_only(context.connection):
                return ReadOnlyError()
            if code in _WRONG_FILE:
                context.is_disconnect = True
            return None

        @event.listens_for(engine, "handle_error")
        def name_constraint(context: ExceptionContext) -> None:
            error = context.original_exception
            match = _VIOLATION.fullmatch(str(error))
            if match is not None and context.connection is not None:
                name = _violated_constraint(context, match["kind"], match["subject"])
                error.constraint_name = name  # type: ignore[attr-defined]

    def violated_constraint(self, error: IntegrityError) -> str | None:
        """Return the name of the constraint that a statement has violated.

        A column that must not be null counts as a constraint `nn_<table>_<column>`.
        """
        return getattr(error.orig, "constraint_name", None)

    def is_busy(self, error: DBAPIError) -> bool:
        """Return whether the database is in use, by writers."""
        return _code(error.orig) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

    def is_locked(self, error: DBAPIError) -> bool:
        """Return whether another transaction held the lock for too long."""
        return self.is_busy(error)

    def is_transient(self, error: DBAPIError) -> bool:
        """Return whether the error is transient: a retry may succeed."""
        code = _code(error.orig)
        if code is None:
            return isinstance(error, OperationalError)
        # There is no code of its own for a table or column that is not there yet.
        return code in _TRANSIENT or "no such" in str(error.orig)


def is_in_memory(url: URL) -> bool:
    """Return whether the database is in memory, not in a file."""
    return url.database in {None, "", ":memory:"}


def _code(error: BaseException | None) -> int | None:
    """Return the primary result code (https://www.sqlite.org/rescode.html)."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _violated_constraint(
    context: ExceptionContext, kind: str, subject: str | None
) -> str | None:
    """Return the name of a constraint: SQLite names its columns, or nothing."""
    if kind == "FOREIGN KEY":
        return _violated_foreign_key(context)
    if subject is None or kind == "CHECK":
        return subject
    if subject.startswith("index "):  # one on an expression
        return subject.removeprefix("index ").strip("'")
    table, *columns = subject.replace(", ", ".").split(".")
    columns = columns[::2]
    if kind == "NOT NULL":
        return "_".join(["nn", table, *columns])
    return _unique_constraint(cast("Connection", context.connection), table, columns)


def _unique_constraint(
    connection: Connection, table: str, columns: list[str]
) -> str | None:
    """Return the name of the primary key, unique constraint or index on columns."""
    ddl = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    sql = connection.exec_driver_sql(ddl, (table,)).scalar_one()
    for constraint in _UNIQUE.finditer(sql):
        if re.findall(r"\w+", constraint["columns"]) == columns:
            return constraint["name"]
    indexes = "SELECT name FROM pragma_index_list(?) WHERE [unique] AND origin = 'c'"
    columns_of = "SELECT name FROM pragma_index_info(?) ORDER BY seqno"
    for (index,) in connection.exec_driver_sql(indexes, (table,)).all():
        found = connection.exec_driver_sql(columns_of, (index,)).scalars().all()
        if found == columns:
            return str(index)
    return None


def _violated_foreign_key(context: ExceptionContext) -> str | None:
    """Return the name of a foreign key: SQLite does not say which one has failed.

    It does for rows that are there. So run the statement again, with foreign keys
    checked at the end of the transaction only, look, and undo it. If COMMIT has failed,
    there is no statement, and the rows are there.
    """
    connection = cast("Connection", context.connection)
    cursor = connection.connection.cursor()
    cursor.execute("SAVEPOINT violation")
    cursor.execute("PRAGMA defer_foreign_keys = ON")
    before: set[tuple[Any, ...]] = set()
    if context.statement is not None:
        before = _orphans(cursor)
        rows = context.parameters or ()
        for row in rows if isinstance(rows, list) else [rows]:
            # The first rows may be there already, and RESTRICT cannot be deferred.
            with suppress(context.dialect.loaded_dbapi.Error):
                cursor.execute(context.statement, cast("Any", row))
    orphans = _orphans(cursor) - before
    cursor.execute("ROLLBACK TO violation")
    cursor.execute("RELEASE violation")
    cursor.execute("PRAGMA defer_foreign_keys = OFF")
    cursor.close()
    if not orphans:
        return None
    table, _, _, number = orphans.pop()
    parts = connection.exec_driver_sql(f'PRAGMA foreign_key_list("{table}")')
    columns = [part["from"] for part in parts.mappings() if part["id"] == number]
    keys = inspect(connection).get_foreign_keys(table)
    names = [key["name"] for key in keys if key["constrained_columns"] == columns]
    return names[0] if names else None


def _orphans(cursor: DBAPICursor) -> set[tuple[Any, ...]]:
    """Return table, row, referred table and number of the key of broken references."""
    cursor.execute("PRAGMA foreign_key_check")
    return {tuple(row) for row in cursor.fetchall()}
