"""One account in the database, for changes that need its password.

Each call of the repository is a transaction of its own: no connection is kept while a
password is hashed. Meanwhile the account may have changed: calls that write do nothing
if it was disabled or deleted, or got another password, since it was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from app.repositories.users import LastAdministratorError, SqlUserRepository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.core.database import Database
    from app.models.user import User


class AccountRepository(Protocol):
    """A store of accounts."""

    async def find(self, user_id: UUID) -> User | None:
        """Return the account, or None."""

    async def update(self, user: User, changes: Mapping[str, Any]) -> User | None:
        """Return the changed account, or raise EmailTakenError."""

    async def set_password(self, user: User, password_hash: str) -> bool:
        """Store a new password and end every session; return whether it was done."""

    async def delete(self, user: User) -> bool:
        """Delete the account and what belongs to it; return whether it was done.

        Raises:
            LastAdministratorError: nobody else is an administrator.
        """


class SqlAccountRepository:
    """Accounts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: UUID) -> User | None:
        """Select the row by its key."""
        async with self._database.transaction(readonly=True) as session:
            return await SqlUserRepository(session).find(user_id)

    async def update(self, user: User, changes: Mapping[str, Any]) -> User | None:
        """Update the row."""
        async with self._database.transaction() as session:
            unchanged = await SqlUserRepository(session).lock_unchanged(user)
            if unchanged is not None:
                for name, value in changes.items():
                    setattr(unchanged, name, value)
                await session.flush()
            return unchanged

    async def set_password(self, user: User, password_hash: str) -> bool:
        """Update the row, and delete those of the sessions."""
        async with self._database.transaction() as session:
            users = SqlUserRepository(session)
            unchanged = await users.lock_unchanged(user)
            if unchanged is None:
                return False
            unchanged.password_hash = password_hash
            await users.end_sessions(user.id)
            return True

    async def delete(self, user: User) -> bool:
        """Delete the row and, by cascade, those that refer to it."""
        async with self._database.transaction() as session:
            users = SqlUserRepository(session)
            is_last = await users.is_last_administrator(user.id)
            if await users.lock_unchanged(user) is None:
                return False
            if is_last:
                raise LastAdministratorError
            await users.delete(user)
            return True
