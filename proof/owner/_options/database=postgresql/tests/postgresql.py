"""What tests of PostgreSQL share."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text

from app.core.database import run_on_connection
from tests.processes import SECONDS
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

only_postgresql = pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True, scope="session"
)


@contextmanager
def locked(url: str, table: str) -> Iterator[Callable[[], None]]:
    """Hold a table, so that nobody can read it; yield what lets it go."""
    held, released = Event(), Event()

    def hold(connection: Connection) -> None:
        connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        held.set()
        released.wait()

    holder = Thread(target=run_on_connection, args=(make_settings(url).database, hold))
    holder.start()
    assert held.wait(SECONDS)

    def release() -> None:
        released.set()
        holder.join(SECONDS)

    try:
        yield release
    finally:
        release()
