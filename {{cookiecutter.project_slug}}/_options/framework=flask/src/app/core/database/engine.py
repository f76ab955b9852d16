"""The engine, and the transactions that requests run in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from app.core.database.dialects import DIALECTS
from app.core.database.sessions import ReadSession, WriteSession
from app.core.database.violations import translate_violations
from app.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from app.core.settings.database import DatabaseSettings

__all__ = ["Database", "Session", "run_on_connection"]

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
        self.engine = create_engine(
            self.dialect.driver_url(url),
            max_overflow=0,
            pool_timeout=settings.pool_timeout,
            hide_parameters=True,
            **{"pool_size": settings.pool_size} | options,
        )
        self.dialect.configure(self.engine, migrating=migrating)
        if not migrating:
            translate_violations(self.engine, self.dialect)
        self.writers: sessionmaker[Session] = sessionmaker(
            self.engine,
            class_=WriteSession,
            expire_on_commit=False,
        )
        self.readers: sessionmaker[Session] = sessionmaker(
            self.engine.execution_options(**self.dialect.READ_OPTIONS),
            class_=ReadSession,
            expire_on_commit=False,
        )
        # Each check connects anew: the pool may be busy, or lead to another server.
        self._checks = create_engine(
            self.engine.url,
            poolclass=NullPool,
            connect_args=options["connect_args"],
        )
        self._checking = ThreadPoolExecutor(max_workers=1)

    @contextmanager
    def transaction(self, *, readonly: bool = False) -> Iterator[Session]:
        """Provide a session: committed on exit, rolled back on an error.

        One that is `readonly` refuses to write. Afterwards, it cannot be used.

        Do not open a second one inside: two requests could wait for each other.

        Raises:
            UnavailableError: the database is unavailable, or all connections are busy.
        """
        sessions = self.readers if readonly else self.writers
        try:
            with sessions.begin() as session:
                yield session
        except DBAPIError as error:
            if not self.dialect.is_transient(error):
                raise
            raise _unavailable(error.orig) from error
        except PoolTimeoutError as error:
            raise UnavailableError(
                "All database connections are in use; try again shortly."
            ) from error

    def is_available(self) -> bool:
        """Return whether the database can be used, within two seconds.

        It can be while all connections are busy: then, other replicas would not help.
        """
        check = self._checking.submit(self._check)
        try:
            return check.result(timeout=CHECK_SECONDS)
        except TimeoutError as error:
            check.cancel()
            _unavailable(error)
            return False

    def _check(self) -> bool:
        try:
            with self._checks.connect() as connection:
                return connection.scalar(text(self.dialect.CHECK)) is not None
        except DBAPIError as error:
            if self.dialect.is_busy(error):
                return True
            _unavailable(error.orig)
            return False

    def dispose(self) -> None:
        """Close every connection."""
        self._checking.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()


def _unavailable(reason: BaseException | None) -> UnavailableError:
    """Log why, in the first line of the driver's message: others may have values."""
    first, *_ = str(reason).splitlines() or [type(reason).__name__]
    logger.warning("database_unavailable", reason=first)
    return UnavailableError()


def run_on_connection(
    settings: DatabaseSettings,
    work: Callable[[Connection], None],
) -> None:
    """Run a function on a separate connection, for Alembic."""
    database = Database(settings, migrating=True)
    try:
        with database.engine.connect() as connection:
            work(connection)
    finally:
        database.dispose()
