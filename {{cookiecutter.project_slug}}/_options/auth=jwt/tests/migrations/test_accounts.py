"""What belongs to an account: the database itself sees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from app.core.database import Database, run_on_connection
from app.models.item import Item
from app.models.user import User
from app.repositories.users import EmailTakenError, SqlUserRepository
from tests.settings import make_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

EMAIL = "ada@example.org"


def user(email: str = EMAIL) -> User:
    return User(email=email, password_hash="none", scopes=[])


def test_what_belongs_to_an_account_goes_with_it(migrated_url: str) -> None:
    found: dict[tuple[str, str], object] = {}

    def look(connection: Connection) -> None:
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            for key in inspector.get_foreign_keys(table):
                (column,) = key["constrained_columns"]
                found[table, column] = key["options"].get("ondelete")

    run_on_connection(make_settings(migrated_url).database, look)
    belonging = {
        (table, column): on_delete
        for (table, column), on_delete in found.items()
        if column in {"owner_id", "user_id", "session_id"}
    }
    assert set(belonging.values()) == {"CASCADE"}
    assert belonging.keys() >= {
        ("items", "owner_id"),
        ("user_sessions", "user_id"),
        ("refresh_tokens", "session_id"),
    }


async def test_an_item_of_nobody_is_refused(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Item(owner_id=uuid4(), name="chair"))
        with pytest.raises(IntegrityError):
            await session.flush()
        await session.rollback()


async def test_two_accounts_with_one_address_are_refused(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([user(), user()])
        with pytest.raises(IntegrityError) as refusal:
            await session.flush()
        await session.rollback()
    assert database.dialect.violated_constraint(refusal.value) == "uq_users_email"


@pytest.mark.parametrize(
    ("email", "error"),
    [(EMAIL, EmailTakenError), (None, IntegrityError)],
)
async def test_only_an_address_that_is_taken_is_said_to_be_taken(
    database: Database,
    email: str,
    error: type[Exception],
) -> None:
    async with database.transaction() as session:
        users = SqlUserRepository(session, database.dialect)
        await users.add(user())
        with pytest.raises(error):
            await users.add(user(email))
        await session.rollback()
