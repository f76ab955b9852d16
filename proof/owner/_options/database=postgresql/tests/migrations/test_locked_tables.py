"""Migrations of tables that another transaction holds, as a backup does."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.database import migrations, run_on_connection
from app.core.database.migrations import upgrade
from app.errors import UnavailableError
from tests.processes import SECONDS
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

only_postgresql = pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True, scope="session"
)


@contextmanager
def locked(url: str) -> Iterator[Callable[[], None]]:
    """Hold a table that every migration reads; yield what lets it go."""
    held, released = Event(), Event()

    def hold(connection: Connection) -> None:
        connection.execute(text("LOCK TABLE alembic_version"))
        held.set()
        released.wait(SECONDS)

    database = make_settings(url).database
    holder = Thread(target=run_on_connection, args=(database, hold))
    holder.start()
    assert held.wait(SECONDS)

    def release(_seconds: float = 0) -> None:
        released.set()
        holder.join(SECONDS)

    try:
        yield release
    finally:
        release()


@only_postgresql
def test_a_migration_that_gets_no_lock_gives_way_and_tries_again(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    with locked(migrated_url) as release:

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            release()

        monkeypatch.setattr("app.core.database.migrations.time.sleep", pause)
        upgrade(make_settings(migrated_url))
    assert len(pauses) == 1


@only_postgresql
def test_a_table_that_stays_locked_ends_the_migration(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", -1)
    with (
        locked(migrated_url),
        pytest.raises(UnavailableError, match="stays locked: SELECT alembic_version"),
    ):
        upgrade(make_settings(migrated_url))
