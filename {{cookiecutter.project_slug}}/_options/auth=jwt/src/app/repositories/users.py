"""Accounts in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import String, and_, cast, delete, not_, select

from app.core.email import email_key
from app.errors import AppError
from app.models.session import UserSession
from app.models.user import User
from app.repositories.base import SqlRepository
from app.scopes import ADMIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from app.core.database import Database


class EmailTakenError(AppError):
    """An account with this e-mail address already exists."""

    status = 409
    code = "email_taken"
    default_detail = "An account with this e-mail address already exists."
    constraints = ("uq_users_email_key",)


class LastAdministratorError(AppError):
    """Without this account, nobody could administer the others."""

    status = 409
    code = "last_administrator"
    default_detail = "This is the last administrator; promote another account first."


class UserRepository(Protocol):
    """A store of accounts."""

    async def add(self, user: User) -> None:
        """Add an account, or raise EmailTakenError."""

    async def find(self, user_id: UUID) -> User | None:
        """Return the account, or None."""

    async def find_by_email(self, email: str) -> User | None:
        """Return the account with this address, however it is spelt, or None."""

    async def list(self, *, offset: int, limit: int) -> Sequence[User]:
        """Return accounts, newest first."""

    async def count(self) -> int:
        """Return the number of accounts."""

    async def is_last_administrator(self, user_id: UUID) -> bool:
        """Return whether no other active account has the scope `admin`.

        Until the end of the transaction, nobody else can change that.
        """

    async def save(self, user: User) -> None:
        """Save changes, or raise EmailTakenError or NotFoundError."""

    async def delete(self, user: User) -> None:
        """Delete the account and everything that belongs to it."""

    async def end_sessions(self, user_id: UUID) -> None:
        """End every session of the account."""


# Scopes are stored as a list in JSON.
_ADMINISTERS = and_(User.is_active, cast(User.scopes, String).contains(f'"{ADMIN}"'))


class SqlUserRepository(SqlRepository[User]):
    """Accounts in the database, within the caller's transaction."""

    entity = User

    async def find(self, user_id: UUID) -> User | None:
        """Select the row by its key."""
        return await self._session.get(User, user_id)

    async def find_by_email(self, email: str) -> User | None:
        """Select the row by the key of the address."""
        try:
            key = email_key(email)
        except ValueError:
            return None
        return await self._first(User.email_key == key)

    async def list(self, *, offset: int, limit: int) -> Sequence[User]:
        """Select a page."""
        return await self._page(offset=offset, limit=limit)

    async def count(self) -> int:
        """Count the rows."""
        return await self._count()

    async def is_last_administrator(self, user_id: UUID) -> bool:
        """Lock the account or, if it is an administrator, all by id: no deadlocks."""
        other = select(User.id).where(User.id == user_id, not_(_ADMINISTERS))
        if await self._session.scalar(other.with_for_update(key_share=True)):
            return False
        administrators = select(User.id).where(_ADMINISTERS).order_by(User.id)
        locked = await self._session.scalars(
            administrators.with_for_update(key_share=True),
        )
        return locked.all() == [user_id]

    async def lock_unchanged(self, user: User) -> User | None:
        """Select the account for a change, unless it differs from what was verified.

        None means that it was disabled or deleted, or got another password.
        """
        account: User | None = await self._session.scalar(
            select(User)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .where(User.is_active)
            .with_for_update(key_share=True),
        )
        return account

    async def end_sessions(self, user_id: UUID) -> None:
        """Delete the user's sessions."""
        await self._session.execute(
            delete(UserSession).where(UserSession.user_id == user_id),
        )


class AccountRepository(Protocol):
    """One account, for changes that need its password.

    Each call is a transaction of its own: no connection is kept while a password is
    hashed. Meanwhile the account may have changed: calls that write do nothing if it
    was disabled or deleted, or got another password, since it was read.
    """

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
    """One account in the database."""

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
