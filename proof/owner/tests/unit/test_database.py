from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    insert,
    make_url,
    text,
)
from sqlalchemy.exc import IntegrityError

from app.core.database import Database, run_on_connection
from app.core.database.dialects import DIALECTS
from app.core.settings.database import DatabaseSettings
from app.errors import InvalidDataError, UnavailableError
from app.models.base import Base
from app.models.item import Item
from tests.settings import make_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


canaries = Table(
    "canaries",
    MetaData(naming_convention=Base.metadata.naming_convention),
    Column("id", Integer, primary_key=True),
    Column("name", String(20), unique=True),
    Column("cage", Integer),
    Column("perch", Integer),
    Column("song", String(20), nullable=False, server_default="tweet"),
    UniqueConstraint("cage", "perch"),
)


@pytest.mark.parametrize("scheme", DIALECTS)
def test_a_database_is_known_by_the_scheme_of_its_url(scheme: str) -> None:
    settings = DatabaseSettings.model_validate({"url": f"{scheme}://"})
    assert DIALECTS[settings.address().get_backend_name()] is DIALECTS[scheme]


def test_another_scheme_is_refused_with_those_that_are_known() -> None:
    known = " or ".join(f"{scheme}://" for scheme in DIALECTS)
    with pytest.raises(ValueError, match=rf"must begin with {known} \[type"):
        DatabaseSettings.model_validate({"url": "oracle://db/app"})


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        ({"name": "Tweety"}, "uq_canaries_name"),
        ({"cage": 1, "perch": 2}, "uq_canaries_cage_perch"),
        ({"song": None}, "nn_canaries_song"),
    ],
)
def test_a_violated_constraint_is_known_by_its_name(
    row: dict[str, object], constraint: str, database_url: str
) -> None:
    dialect = DIALECTS[make_url(database_url).get_backend_name()]
    found: list[str | None] = []

    def violate(connection: Connection) -> None:
        canaries.create(connection)
        values = {"name": "Tweety", "cage": 1, "perch": 2}
        connection.execute(insert(canaries).values(values))
        with pytest.raises(IntegrityError) as violation:
            connection.execute(insert(canaries).values(row))
        found.append(dialect.violated_constraint(violation.value))
        connection.rollback()

    run_on_connection(make_settings(database_url).database, violate)
    assert found == [constraint]


async def select_one(database: Database) -> None:
    async with database.transaction(readonly=True) as session:
        await session.execute(text("SELECT 1"))


async def insert_nothing(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(insert(Item))


async def fail_after_a_change(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE leftovers (id INTEGER)"))
        raise RuntimeError


async def test_a_mistake_is_no_outage(database: Database) -> None:
    with pytest.raises(InvalidDataError):
        await insert_nothing(database)


async def test_a_database_that_is_away_is_unavailable(absent_url: str) -> None:
    database = Database(make_settings(absent_url).database)
    with pytest.raises(UnavailableError):
        await select_one(database)
    available = await database.is_available()
    await database.dispose()
    assert not available


async def test_an_error_undoes_the_whole_transaction(
    committing_database: Database,
) -> None:
    for _ in range(2):  # a second time, the table would be there already
        with pytest.raises(RuntimeError):
            await fail_after_a_change(committing_database)
