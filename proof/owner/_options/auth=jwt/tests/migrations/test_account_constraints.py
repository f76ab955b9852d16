"""What the database itself refuses."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.auth.authenticator import AccountDeletedError
from app.core.database import Database
from app.errors import InvalidDataError
from app.models.item import Item
from app.models.user import User
from app.repositories.users import EmailTakenError, SqlUserRepository

EMAIL = "ada@example.org"


def user(email: str = EMAIL, hashed: str | None = "none") -> User:
    return User(email=email, password_hash=hashed, scopes=[])


async def test_an_item_of_nobody_is_refused(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Item(owner_id=uuid4(), name="chair"))
        with pytest.raises(AccountDeletedError):
            await session.flush()
        await session.rollback()


async def test_two_accounts_with_one_address_are_refused(database: Database) -> None:
    async with database.transaction() as session:
        session.add_all([user(), user(EMAIL.upper())])
        with pytest.raises(EmailTakenError):
            await session.flush()
        await session.rollback()


@pytest.mark.parametrize(
    ("hashed", "error"),
    [("none", EmailTakenError), (None, InvalidDataError)],
)
async def test_only_an_address_that_is_taken_is_said_to_be_taken(
    database: Database, hashed: str | None, error: type[Exception]
) -> None:
    async with database.transaction() as session:
        users = SqlUserRepository(session)
        await users.add(user())
        with pytest.raises(error):
            await users.add(user(hashed=hashed))
        await session.rollback()
