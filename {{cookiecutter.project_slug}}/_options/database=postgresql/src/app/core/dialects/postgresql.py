"""PostgreSQL."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)

from app.core.drivers import postgresql as driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

    from app.core.database_settings import DatabaseSettings

IS_SERVER: Final = True
# Any number will do, as long as no other program locks it in the same database.
MIGRATION_LOCK: Final = "SELECT pg_advisory_xact_lock(7262563)"
# Reads need no BEGIN and ROLLBACK around them: two round trips fewer.
READ_OPTIONS: Final = {"isolation_level": "AUTOCOMMIT"}

_IDLE_SECONDS = 1.0
_TRIED_FIRST = frozenset({"", "app", "postgres", "password", "change-me"})
# Connection lost, access refused, no such database, out of resources, server shutting
# down or statement cancelled, transaction to be repeated, lock not to be had
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_TRANSIENT = ("08", "28", "3D", "53", "57", "40", "55P03")


def driver_url(url: URL) -> URL:
    """Return the URL with the driver that the service uses."""
    return driver.driver_url(url)


def engine_options(settings: DatabaseSettings) -> dict[str, Any]:
    """Return what `create_engine` takes."""
    return {"connect_args": driver.connect_args(settings)}


def configure(engine: Engine, *, migrating: bool) -> None:
    """Test a connection before use when it has been idle for a second.

    A restarted server leaves dead connections in the pool. Testing each one before
    each use (`pool_pre_ping`) costs a sixth of the throughput; under load connections
    are hardly ever idle, so this costs next to nothing.

    Migrations may take as long as they take, or wait for one another.
    """
    if migrating:

        @event.listens_for(engine, "begin")
        def lift_time_limit(connection: Connection) -> None:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

    @event.listens_for(engine, "checkin")
    def note_time(
        connection: DBAPIConnection | None,
        entry: ConnectionPoolEntry,
    ) -> None:
        del connection
        entry.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def test_idle(
        connection: DBAPIConnection,
        entry: ConnectionPoolEntry,
        proxy: PoolProxiedConnection,
    ) -> None:
        del proxy
        idle_since = entry.info.get("idle_since", time.monotonic())
        if time.monotonic() - idle_since < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement has violated."""
    return driver.constraint_name(error)


def is_transient(error: DBAPIError) -> bool:
    """Whether the same statement may succeed soon."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    sqlstate = driver.sqlstate(error)
    if sqlstate is None:
        return isinstance(error, OperationalError)
    return sqlstate.startswith(_TRANSIENT)


def offences(url: URL) -> Iterator[str]:
    """Refuse a password that everybody tries first.

    Through a Unix socket there may be none: the server knows whose process it is.
    """
    host = url.query.get("host", "")
    if not url.password and isinstance(host, str) and host.startswith("/"):
        return
    if (url.password or "") in _TRIED_FIRST:
        yield (
            "DATABASE__URL (or DATABASE__PASSWORD) has no password,"
            " or one that everybody tries first"
        )
