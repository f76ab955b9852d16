"""A violated constraint becomes the error that names it, on every database."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from app.core.database import violations
from app.errors import AppError, ConflictError, InvalidDataError
from app.models.base import Base

if TYPE_CHECKING:
    from app.core.database import Database, Session

metadata = MetaData(naming_convention=Base.metadata.naming_convention)
cages = Table(
    "cages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("row", Integer),
    Column("place", Integer),
    UniqueConstraint("row", "place"),
)
birds = Table(
    "birds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("ring", String(20), unique=True),
    Column("song", String(20)),
    Column("age", Integer, CheckConstraint("age >= 0", name="age")),
    Column("cage_id", Integer, ForeignKey("cages.id")),
    Column("row", Integer),
    Column("place", Integer),
    Column(
        "mother_id",
        Integer,
        ForeignKey("birds.id", deferrable=True, initially="DEFERRED"),
    ),
    ForeignKeyConstraint(["row", "place"], ["cages.row", "cages.place"], "own_name"),
)
indexes = [
    Index(None, birds.c.song, unique=True),
    Index("one_name", func.lower(birds.c.name), unique=True),
]


class RingTakenError(ConflictError):
    code = "ring_taken"
    constraints: ClassVar = ("uq_birds_ring",)


async def create_tables(session: Session) -> None:
    for table in (cages, birds):
        await session.execute(CreateTable(table))
    for index in indexes:
        await session.execute(CreateIndex(index))
    await session.execute(text("INSERT INTO cages VALUES (1, 1, 1)"))
    await session.execute(
        text(
            "INSERT INTO birds (id, name, ring, song, cage_id)"
            " VALUES (1, 'Tweety', 'r', 'tweet', 1)"
        )
    )


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the names of violated constraints."""
    names: list[str] = []

    def note(constraint: str) -> AppError:
        names.append(constraint)
        return ConflictError()

    monkeypatch.setattr(violations, "error_of", note)
    return names


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("INSERT INTO birds (id, name) VALUES (1, 'a')", "pk_birds"),
        ("INSERT INTO birds (name, ring) VALUES ('a', 'r')", "uq_birds_ring"),
        ("INSERT INTO cages VALUES (2, 1, 1)", "uq_cages_row_place"),
        ("INSERT INTO birds (name, song) VALUES ('a', 'tweet')", "ix_birds_song"),
        ("INSERT INTO birds (id, name) VALUES (2, 'TWEETY')", "one_name"),
        ("INSERT INTO birds (id, ring) VALUES (2, 'a')", "nn_birds_name"),
        ("UPDATE birds SET name = NULL", "nn_birds_name"),
        ("INSERT INTO birds (name, age) VALUES ('a', -1)", "ck_birds_age"),
        ("UPDATE birds SET age = -1", "ck_birds_age"),
        ("INSERT INTO birds (name, cage_id) VALUES ('a', 7)", "fk_birds_cage_id_cages"),
        ("UPDATE birds SET cage_id = 7", "fk_birds_cage_id_cages"),
        ("DELETE FROM cages", "fk_birds_cage_id_cages"),
        ("UPDATE birds SET row = 7, place = 7", "own_name"),
    ],
)
async def test_a_violated_constraint_is_known_by_its_name(
    database: Database, named: list[str], statement: str, constraint: str
) -> None:
    # PostgreSQL numbers rows by itself from 1 on.
    statement = statement.replace("birds (name", "birds (id, name")
    statement = statement.replace("VALUES ('a'", "VALUES (2, 'a'")
    async with database.transaction() as session:
        await create_tables(session)
        with pytest.raises(ConflictError):
            await session.execute(text(statement))
        await session.rollback()
    assert named == [constraint]


async def insert_orphan(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(
            text("INSERT INTO birds (id, name, mother_id) VALUES (2, 'a', 7)")
        )


async def test_a_constraint_that_is_checked_at_commit_is_known_too(
    committing_database: Database, named: list[str]
) -> None:
    async with committing_database.transaction() as session:
        await create_tables(session)
    try:
        with pytest.raises(ConflictError):
            await insert_orphan(committing_database)
    finally:
        async with committing_database.transaction() as session:
            await session.execute(text("DROP TABLE birds"))
            await session.execute(text("DROP TABLE cages"))
    assert named == ["fk_birds_mother_id_birds"]


async def test_several_rows_at_once_are_looked_at(
    database: Database, named: list[str]
) -> None:
    rows = [
        {"id": 2, "name": "a", "cage_id": 1},
        {"id": 3, "name": "b", "cage_id": 7},
    ]
    async with database.transaction() as session:
        await create_tables(session)
        with pytest.raises(ConflictError):
            await session.execute(birds.insert(), rows)
        await session.rollback()
    assert named == ["fk_birds_cage_id_cages"]


async def test_a_transaction_goes_on_after_a_savepoint(database: Database) -> None:
    async with database.transaction() as session:
        await create_tables(session)
        savepoint = await session.begin_nested()
        with pytest.raises(ConflictError):
            await session.execute(text("UPDATE birds SET cage_id = 7"))
        await savepoint.rollback()
        found = await session.scalar(text("SELECT cage_id FROM birds"))
        with pytest.raises(ConflictError):  # checked at once, as before
            await session.execute(text("UPDATE birds SET cage_id = 7"))
        await session.rollback()
    assert found == 1


@pytest.mark.parametrize(
    ("constraint", "error"),
    [
        ("uq_birds_ring", RingTakenError),
        ("uq_birds_other", ConflictError),
        ("pk_birds", ConflictError),
        ("fk_birds_cage_id_cages", ConflictError),
        ("ck_birds_age", InvalidDataError),
        ("nn_birds_name", InvalidDataError),
        ("unknown", ConflictError),
    ],
)
def test_a_constraint_has_its_error(constraint: str, error: type[AppError]) -> None:
    assert type(violations.error_of(constraint)) is error
