"""Signed-in sessions in the database.

Each call of the repository is a transaction of its own: what ends a session must
outlast the refusal that tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from sqlalchemy import CursorResult, bindparam, delete, select, update

from app.models.base import utc_now
from app.models.session import RefreshToken, UserSession
from app.models.user import User
from app.repositories.users import SqlUserRepository

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from uuid import UUID

    from app.core.database import Database, Session


@dataclass(frozen=True, slots=True)
class Rotation:
    """What came of a refresh token.

    Attributes:
        session_id: the session that it belongs to.
        user_id: whose session that is.
        reused: it had been used before, so the session has ended.
    """

    session_id: UUID
    user_id: UUID
    reused: bool = False


class SessionRepository(Protocol):
    """Where sessions are kept."""

    async def add_user(self, user: User) -> None:
        """Keep a new account, or raise EmailTakenError."""

    async def find_user(self, email: str) -> User | None:
        """Return the account with this e-mail address, or nothing."""

    async def renew_password_hash(self, user: User, password_hash: str) -> None:
        """Keep a new hash of the same password, unless there is a new password."""

    async def start(self, user: User, session: UserSession, token_hash: str) -> bool:
        """Keep a new session and its first refresh token.

        Whether that was done: not if the account was disabled or deleted, or got
        another password, since the user was found.
        """

    async def rotate(
        self,
        token_hash: str,
        successor: str,
        *,
        now: datetime,
        idle: timedelta,
        leeway: timedelta,
    ) -> Rotation | None:
        """Use up a refresh token and keep its successor; nothing if it is unknown.

        Exactly one of several at once wins; the others find the token used. A used
        one ends the session, unless it was used no longer ago than the leeway.
        """

    async def end(self, token_hash: str) -> Rotation | None:
        """End the session of a refresh token; nothing if it is unknown."""

    async def purge(self, now: datetime) -> int:
        """Forget sessions that are over; return their number."""


class SqlSessionRepository:
    """Sessions in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_user(self, user: User) -> None:
        """Insert the account."""
        async with self._database.transaction() as session:
            await SqlUserRepository(session, self._database.dialect).add(user)

    async def find_user(self, email: str) -> User | None:
        """Select the account by its address, in lower case."""
        async with self._database.transaction(readonly=True) as session:
            users = SqlUserRepository(session, self._database.dialect)
            return await users.find_by_email(email)

    async def renew_password_hash(self, user: User, password_hash: str) -> None:
        """Update the row, if it still has the hash that was found."""
        async with self._database.transaction() as session:
            await session.execute(
                update(User)
                .where(User.id == user.id, User.password_hash == user.password_hash)
                .values(password_hash=password_hash),
            )

    async def start(self, user: User, session: UserSession, token_hash: str) -> bool:
        """Insert both rows; what ends all sessions waits, and ends this one, too."""
        unchanged = (
            select(User.id)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .where(User.is_active)
            .with_for_update(read=True)
        )
        async with self._database.transaction() as transaction:
            if await transaction.scalar(unchanged) is None:
                return False
            transaction.add(session)
            await transaction.flush()
            transaction.add(RefreshToken(token_hash=token_hash, session_id=session.id))
            return True

    async def rotate(
        self,
        token_hash: str,
        successor: str,
        *,
        now: datetime,
        idle: timedelta,
        leeway: timedelta,
    ) -> Rotation | None:
        """Lock the session, so that one request at a time decides about its tokens."""
        by_hash = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
        async with self._database.transaction() as session:
            token = await session.scalar(by_hash)
            if token is None:
                return None
            owner = await session.scalar(
                select(UserSession)
                .join(User, User.id == UserSession.user_id)
                .where(UserSession.id == token.session_id)
                .where(UserSession.idle_until > now, User.is_active)
                .with_for_update(of=UserSession),
            )
            if owner is None:
                return None
            # Another request may have used the token while this one waited, with a
            # later `now` even: the order of the locks counts, not that of the clocks.
            await session.refresh(token)
            used_at = token.used_at
            if used_at is not None and (not leeway or now - used_at > leeway):
                await session.delete(owner)
                return Rotation(owner.id, owner.user_id, reused=True)
            token.used_at = used_at or now
            owner.idle_until = min(now + idle, owner.expires_at)
            session.add(RefreshToken(token_hash=successor, session_id=owner.id))
            return Rotation(owner.id, owner.user_id)

    async def end(self, token_hash: str) -> Rotation | None:
        """Delete the session; its tokens go with it."""
        async with self._database.transaction() as session:
            owner = await session.scalar(
                select(UserSession)
                .join(RefreshToken, RefreshToken.session_id == UserSession.id)
                .where(RefreshToken.token_hash == token_hash)
                .with_for_update(of=UserSession),
            )
            if owner is None:
                return None
            await session.delete(owner)
            return Rotation(owner.id, owner.user_id)

    async def purge(self, now: datetime) -> int:
        """Delete the rows; their tokens go with them."""
        async with self._database.transaction() as session:
            result = await session.execute(
                delete(UserSession).where(UserSession.idle_until <= now),
            )
            return cast("CursorResult[Any]", result).rowcount


class Access(NamedTuple):
    """Whose session it is, and what they may do."""

    user_id: UUID
    scopes: list[str]


# Built once, since nearly every request asks it.
_ACCESS = (
    select(User.id, User.scopes)
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.id == bindparam("session_id"))
    .where(UserSession.idle_until > bindparam("now"))
    .where(User.is_active)
)


async def find_access(session: Session, session_id: UUID) -> Access | None:
    """Return the access that a session gives, or nothing when it has ended."""
    asked = {"session_id": session_id, "now": utc_now()}
    result = await session.execute(_ACCESS, asked)
    row = result.one_or_none()
    return None if row is None else Access(*row)
