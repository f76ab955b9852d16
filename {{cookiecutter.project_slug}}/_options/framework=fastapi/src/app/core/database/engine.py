"""The engine, and the transactions that requests run in."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from app.core.database.dialects import DIALECTS
from app.core.database.sessions import ReadSession, WriteSession
from app.core.database.violations import translate_violations
from app.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Connection

    from app.core.settings.database import DatabaseSettings

Session = AsyncSession

logger = structlog.get_logger(__name__)

CHECK_SECONDS = 1.5


class Database:
    """A pool of connections to one database.

    Attributes:
        engine: the connection pool.
        writers: creates sessions for requests that write.
        readers: creates sessions for requests that only read.
    """

    def __init__(self, settings: DatabaseSettings, *, migrating: bool = False) -> None:
        url = settings.address()
        self.dialect = DIALECTS[url.get_backend_name()]
        options = self.dialect.engine_options(settings)
        self.engine = create_async_engine(
            self.dialect.driver_url(url),
            max_overflow=0,
            pool_timeout=settings.pool_timeout,
            hide_parameters=True,
            **{"pool_size": settings.pool_size} | options,
        )
        self.dialect.configure(self.engine.sync_engine, migrating=migrating)
        if not migrating:
            translate_violations(self.engine.sync_engine, self.dialect)
        self.writers = async_sessionmaker(
            self.engine,
            sync_session_class=WriteSession,
            expire_on_commit=False,
        )
        self.readers = async_sessionmaker(
            self.engine.execution_options(**self.dialect.READ_OPTIONS),
            sync_session_class=ReadSession,
            expire_on_commit=False,
        )
        # Each check connects anew: the pool may be busy, or lead to another server.
        self._checks = create_async_engine(
            self.engine.url,
            poolclass=NullPool,
            connect_args=options["connect_args"],
        )
        self._checking = asyncio.Lock()
        self._slots = asyncio.Semaphore(settings.pool_size)
        self._pool_timeout = settings.pool_timeout

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncIterator[Session]:
        """Provide a session: committed on exit, rolled back on an error.

        One that is `readonly` refuses to write. Afterwards, it cannot be used.

        Do not open a second one inside: two requests could wait for each other.

        Raises:
            UnavailableError: the database is unavailable, or all connections are busy.
        """
        sessions = self.readers if readonly else self.writers
        try:
            async with self._slot(), sessions.begin() as session:
                yield session
        except DBAPIError as error:
            if not self.dialect.is_transient(error):
                raise
            raise _unavailable(error.orig) from error
        except (OSError, PoolTimeoutError) as error:
            raise _unavailable(error) from error

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Wait for a connection, in order of arrival."""
        try:
            async with asyncio.timeout(self._pool_timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise UnavailableError(
                "All database connections are in use; try again shortly."
            ) from None
        try:
            yield
        finally:
            self._slots.release()

    async def is_available(self) -> bool:
        """Return whether the database can be used, within two seconds.

        It can be while all connections are busy: then, other replicas would not help.
        """
        try:
            async with (
                asyncio.timeout(CHECK_SECONDS),
                self._checking,
                self._checks.connect() as connection,
            ):
                found = await connection.scalar(text(self.dialect.CHECK))
        except DBAPIError as error:
            if self.dialect.is_busy(error):
                return True
            _unavailable(error.orig)
            return False
        except OSError as error:  # TimeoutError is one
            _unavailable(error)
            return False
        return found is not None

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _unavailable(reason: BaseException | None) -> UnavailableError:
    """Log why, in the first line of the driver's message: others may have values."""
    first, *_ = str(reason).splitlines() or [type(reason).__name__]
    logger.warning("database_unavailable", reason=first)
    return UnavailableError()


def run_on_connection(
    settings: DatabaseSettings,
    work: Callable[[Connection], None],
) -> None:
    """Run a blocking function on a separate connection, for Alembic."""

    async def run() -> None:
        database = Database(settings, migrating=True)
        try:
            async with database.engine.connect() as connection:
                await connection.run_sync(work)
        finally:
            await database.dispose()

    asyncio.run(run())
