"""PostgreSQL."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)

from app.core.database import postgresql_driver as driver
from app.core.database.sessions import ReadOnlyError, is_read_only

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

    from app.core.settings.database import DatabaseSettings

_IDLE_SECONDS = 1.0
# Connection lost, access refused, no such database, out of resources, server shutting
# down or statement cancelled, transaction conflict, lock not available, no such schema,
# table or column yet, no permission yet, input or output error, data corrupted
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_TRANSIENT = (
    *("08", "28", "3D", "53", "57", "40", "55P03"),
    *("3F", "42P01", "42703", "42501", "58", "XX"),
)
# The server is not, or no longer, one to write to: it has become a standby, or its disk
# is full. Another one may answer at its address by now.
_READ_ONLY = "25006"


class PostgreSQL:
    """PostgreSQL.

    Attributes:
        MIGRATION_LOCK: a query that takes the lock of migrations, or returns false.
        READ_OPTIONS: execution options of transactions that only read.
        CHECK: a query that returns a row if the database can be used.
    """

    # Any number that no other program locks in the same database.
    MIGRATION_LOCK: ClassVar[str] = "SELECT pg_try_advisory_lock(7262563)"
    # Reads need no BEGIN and ROLLBACK, which saves two round trips.
    READ_OPTIONS: ClassVar[dict[str, Any]] = {
        "isolation_level": "AUTOCOMMIT",
        "readonly": True,
    }
    CHECK: ClassVar[str] = (
        "SELECT 1 WHERE current_setting('transaction_read_only') = 'off'"
    )

    def driver_url(self, url: URL) -> URL:
        """Return the URL with the driver of the service."""
        return driver.driver_url(url)

    def engine_options(self, settings: DatabaseSettings) -> dict[str, Any]:
        """Return the options for `create_engine`.

        Of equal parameters, the last one counts: the URL's `options` replace limits.
        """
        query = settings.address().normalized_query
        given = {name: values[-1] for name, values in query.items()}
        options = [
            f"-c lock_timeout={settings.lock_timeout * 1000:.0f}",
            f"-c statement_timeout={settings.statement_timeout * 1000}",
            "-c idle_in_transaction_session_timeout=60000",
            given.get("options", ""),
            "-c timezone=UTC",
        ]
        given["options"] = " ".join(options)
        given.setdefault("connect_timeout", str(settings.connect_timeout))
        return {"connect_args": driver.connect_args(given)}

    def configure(self, engine: Engine, *, migrating: bool) -> None:
        """Make reading transactions read-only; test idle connections before use.

        Whether a transaction only reads is a setting of its connection, which changes
        when its last transaction was of the other kind: most need no round trip.

        A restarted server leaves dead connections in the pool. Testing each one before
        each use (`pool_pre_ping`) costs a sixth of the throughput; under load,
        connections are hardly ever idle for a second.

        Migrations have no time limits: not within transactions, nor in autocommit. But
        in transactions, they do not wait long for a lock: requests queue behind them.
        """
        if migrating:

            @event.listens_for(engine, "connect")
            def lift_time_limits(
                connection: DBAPIConnection,
                _entry: ConnectionPoolEntry,
            ) -> None:
                cursor = connection.cursor()
                cursor.execute("SET lock_timeout = 0")
                cursor.execute("SET statement_timeout = 0")
                cursor.execute("SET idle_in_transaction_session_timeout = 0")
                cursor.close()
                connection.commit()

            @event.listens_for(engine, "begin")
            def limit_locks(connection: Connection) -> None:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")

        event.listen(engine, "begin", _set_mode)
        event.listen(engine, "handle_error", _leave_read_only_server)

        @event.listens_for(engine, "checkin")
        def note_time(
            _connection: DBAPIConnection | None,
            entry: ConnectionPoolEntry,
        ) -> None:
            entry.info["idle_since"] = time.monotonic()

        @event.listens_for(engine, "checkout")
        def check_idle(
            connection: DBAPIConnection,
            entry: ConnectionPoolEntry,
            _proxy: PoolProxiedConnection,
        ) -> None:
            idle_since = entry.info.get("idle_since", time.monotonic())
            if time.monotonic() - idle_since < _IDLE_SECONDS:
                return
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    def violated_constraint(self, error: IntegrityError) -> str | None:
        """Return the name of the constraint that a statement has violated.

        A column that must not be null counts as a constraint `nn_<table>_<column>`.
        """
        found = driver.diagnostics(error)
        name: str | None = getattr(found, "constraint_name", None)
        column = getattr(found, "column_name", None)
        if name is None and column is not None:
            name = f"nn_{getattr(found, 'table_name', '')}_{column}"
        return name

    def is_busy(self, error: DBAPIError) -> bool:
        """Return whether the server is at its limit of connections."""
        return driver.sqlstate(error) == "53300"

    def is_locked(self, error: DBAPIError) -> bool:
        """Return whether another transaction held a lock for too long."""
        return driver.sqlstate(error) == "55P03"

    def is_transient(self, error: DBAPIError) -> bool:
        """Return whether the error is transient: a retry may succeed."""
        if error.connection_invalidated or isinstance(error, InterfaceError):
            return True
        sqlstate = driver.sqlstate(error)
        if sqlstate is None:
            return isinstance(error, OperationalError)
        return sqlstate.startswith(_TRANSIENT)


def _set_mode(connection: Connection) -> None:
    """Make the transactions of a connection read-only, or as the server has them."""
    readonly = is_read_only(connection)
    if connection.info.get("readonly", False) == readonly:
        return
    change = "SET {} = on" if readonly else "RESET {}"
    raw = cast("Any", connection.connection.dbapi_connection)
    # Within a transaction, a rollback would undo it.
    autocommit, raw.autocommit = raw.autocommit, True
    connection.exec_driver_sql(change.format("default_transaction_read_only"))
    raw.autocommit = autocommit
    connection.info["readonly"] = readonly


def _leave_read_only_server(context: ExceptionContext) -> Exception | None:
    """Drop all connections: they lead to the same server."""
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError) and driver.sqlstate(error) == _READ_ONLY:
        if is_read_only(context.connection):
            return ReadOnlyError()
        context.is_disconnect = True
    return None
