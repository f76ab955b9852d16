"""Migrations of tables that another transaction holds, as a backup does."""

from __future__ import annotations

import pytest

from app.core.database import migrations
from app.core.database.migrations import upgrade
from app.errors import UnavailableError
from tests.postgresql import locked, only_postgresql
from tests.settings import make_settings


@only_postgresql
def test_a_migration_that_gets_no_lock_gives_way_and_tries_again(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    with locked(migrated_url, "alembic_version") as release:

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
        locked(migrated_url, "alembic_version"),
        pytest.raises(UnavailableError, match="stays locked: SELECT alembic_version"),
    ):
        upgrade(make_settings(migrated_url))
