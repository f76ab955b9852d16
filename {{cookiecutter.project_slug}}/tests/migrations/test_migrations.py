"""Every revision goes up and down, on every database that the service supports."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, select

from app.core.database import run_on_connection
from app.core.database.migrations import alembic_config, upgrade
from app.core.settings import Settings
from tests.settings import make_settings
from tests.statements import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Column, Connection

type Row = dict[str, Any]

SCRIPTS = ScriptDirectory.from_config(alembic_config(make_settings()))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]

# Two rows have no value in common: a constant cannot stand for both.
CANARIES: dict[type, tuple[object, object]] = {
    str: ("1" * 32, "2" * 32),  # UUIDs, too, which SQLite keeps as text
    int: (1, 2),
    float: (1.5, 2.5),
    bool: (False, True),
    bytes: (b"1 canary", b"2 canaries"),
    object: (["1 canary"], ["2 canaries"]),  # JSON
    date: (date(2026, 1, 1), date(2026, 1, 2)),
    datetime: (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    time: (time(1), time(2)),
    timedelta: (timedelta(1), timedelta(2)),
    Decimal: (Decimal(1), Decimal(2)),
    UUID: (UUID(int=1), UUID(int=2)),
}


@pytest.fixture
def settings(migrated_url: str) -> Iterator[Settings]:
    """Give the settings of a database without tables; put them back afterwards."""
    settings = make_settings(migrated_url)
    command.downgrade(alembic_config(settings), "base")
    yield settings
    command.downgrade(alembic_config(settings), "base")
    upgrade(settings)


@pytest.fixture
def config(settings: Settings) -> Config:
    return alembic_config(settings)


def test_there_is_one_newest_revision() -> None:
    assert len(SCRIPTS.get_heads()) == 1
    assert len(SCRIPTS.get_bases()) == 1


def test_files_are_named_for_when_and_what() -> None:
    for script in SCRIPTS.walk_revisions():
        name = Path(script.path).name
        match = re.fullmatch(r"(\d{8}_\d{4})_\w+\.py", name)
        assert match is not None, name
        datetime.strptime(match[1], "%Y%m%d_%H%M").replace(tzinfo=UTC)
        assert script.revision == match[1]


def test_the_models_need_no_further_migration(config: Config) -> None:
    command.upgrade(config, "head")
    command.check(config)


def test_the_way_back_leaves_nothing(migrated_url: str, config: Config) -> None:
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    assert tables(migrated_url) == {"alembic_version"}


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_undone_and_redone_keeps_every_row_of_tables_that_stay(
    revision: str, settings: Settings, config: Config
) -> None:
    command.upgrade(config, revision)
    run_on_connection(settings.database, insert_canaries)
    before = rows(settings)
    command.downgrade(config, below(revision))
    between = rows(settings)
    command.upgrade(config, revision)
    after = rows(settings)
    assert after.keys() == before.keys()
    for table in before.keys() & between.keys():
        assert_same_rows(before[table], between[table])
        assert_same_rows(between[table], after[table])


def below(revision: str) -> str:
    """Return the revision before this one; of those that it merges, the first."""
    before = SCRIPTS.get_revision(revision).down_revision
    return before[0] if isinstance(before, (list, tuple)) else before or "base"


def rows(settings: Settings) -> dict[str, list[Row]]:
    """Return the rows of each table that is there."""
    found: dict[str, list[Row]] = {}

    def look(connection: Connection) -> None:
        for table in reflected(connection).sorted_tables:
            query = select(table).order_by(*table.primary_key)
            result = connection.execute(query).mappings()
            found[table.name] = [dict(row) for row in result]

    run_on_connection(settings.database, look)
    return found


def insert_canaries(connection: Connection) -> None:
    """Insert two rows into each table; they refer to those inserted before them."""
    metadata = reflected(connection)
    for number in (0, 1):
        inserted: dict[str, Row] = {}
        for table in metadata.sorted_tables:
            row = {
                column.name: canary(column, number, inserted)
                for column in table.columns
            }
            connection.execute(insert(table).values(row))
            inserted[table.name] = row
    connection.commit()


def reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    metadata.remove(metadata.tables["alembic_version"])
    return metadata


def canary(column: Column[Any], number: int, inserted: dict[str, Row]) -> object:
    for key in column.foreign_keys:
        table = inserted.get(key.column.table.name)
        return None if table is None else table[key.column.name]
    value = CANARIES[column.type.python_type][number]
    if isinstance(value, str):
        return value[: getattr(column.type, "length", None)]
    if isinstance(value, (datetime, time)):
        zone = UTC if getattr(column.type, "timezone", False) else None
        return value.replace(tzinfo=zone)
    return value


def assert_same_rows(before: list[Row], after: list[Row]) -> None:
    """Compare the columns that both have: one may be new, or gone for good."""
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        kept = old.keys() & new.keys()
        assert {name: old[name] for name in kept} == {name: new[name] for name in kept}
