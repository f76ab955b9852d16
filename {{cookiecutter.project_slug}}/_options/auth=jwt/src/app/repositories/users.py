"""Accounts in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core.errors import AppError, NotFoundError
from app.models.session import UserSession
from app.models.user import User

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.core.database import Dialect, Session


class EmailTakenError(AppError):
    """An account with this e-mail address already exists."""

    status = 409
    code = "email_taken"
    default_detail = "An account with this e-mail address already exists."


class UserRepository(Protocol):
    """Where accounts are kept."""

    async def add(self, user: User) -> None:
        """Keep a new account, or raise EmailTakenError."""

    async def find(self, user_id: UUID) -> User | None:
        """Return the account, or nothing."""

    async def find_by_email(self, email: str) -> User | None:
        """Return the account, or nothing."""

    async def list(self, *, offset: int, limit: int) -> Sequence[User]:
        """Return accounts, the newest first."""

    async def count(self) -> int:
        """Return how many accounts there are."""

    async def save(self, user: User) -> None:
        """Keep what has changed, or raise EmailTakenError or NotFoundError."""

    async def delete(self, user: User) -> None:
        """Forget the account and all that belongs to it."""

    async def end_sessions(self, user_id: UUID) -> None:
        """End every session of the account."""


class SqlUserRepository:
    """Accounts in the database, within the caller's transaction."""

    def __init__(self, session: Session, dialect: Dialect) -> None:
        self._session = session
        self._dialect = dialect

    async def add(self, user: User) -> None:
        """Insert the row."""
        await self.save(user)

    async def find(self, user_id: UUID) -> User | None:
        """Select the row by its key."""
        return await self._session.get(User, user_id)

    async def find_by_email(self, email: str) -> User | None:
        """Select the row by its address, in lower case."""
        user: User | None = await self._session.scalar(
            select(User).where(User.email == email),
        )
        return user

    async def list(self, *, offset: int, limit: int) -> Sequence[User]:
        """Select a page."""
        query = select(User).order_by(User.id.desc()).offset(offset).limit(limit)
        rows = await self._session.scalars(query)
        return rows.all()

    async def count(self) -> int:
        """Count the rows."""
        total = await self._session.scalar(select(func.count()).select_from(User))
        return total or 0

    async def save(self, user: User) -> None:
        """Insert or update the row; of two at once, the database lets one through."""
        self._session.add(user)
        try:
            await self._session.flush()
        except IntegrityError as error:
            if self._dialect.violated_constraint(error) == "uq_users_email":
                raise EmailTakenError from error
            raise
        except StaleDataError as error:
            raise NotFoundError from error

    async def delete(self, user: User) -> None:
        """Delete the row, if it is still there; foreign keys delete the rest."""
        await self._session.execute(delete(User).where(User.id == user.id))

    async def end_sessions(self, user_id: UUID) -> None:
        """Delete the user's sessions."""
        await self._session.execute(
            delete(UserSession).where(UserSession.user_id == user_id),
        )
