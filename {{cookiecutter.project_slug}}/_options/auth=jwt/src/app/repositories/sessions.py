"""Signed-in sessions in the database.

Each call of the repository is a transaction of its own: reuse of a refresh token ends
the session and is then refused, and the end must be committed all the same.
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

# Enough for home, work and a phone on the way.
_SIGN_IN_NETWORKS = 20


@dataclass(frozen=True, slots=True)
class Rotation:
    """The result of using a refresh token.

    Attributes:
        session_id: the session of the token.
        user_id: the user of that session.
        reused: the token had been used before, so the session was ended.
    """

    session_id: UUID
    user_id: UUID
    reused: bool = False


class SessionRepository(Protocol):
    """A store of sessions."""

    async def add_user(self, user: User) -> None:
        """Add an account, or raise EmailTakenError."""

    async def find_user(self, email: str) -> User | None:
        """Return the account with this e-mail address, or None."""

    async def renew_password_hash(self, user: User, password_hash: str) -> None:
        """Store a new hash of the same password, unless the password has changed."""

    async def start(
        self, user: User, session: UserSession, token_hash: str, network: str
    ) -> bool:
        """Store a new session and its first refresh token; return true if stored.

        Do not store it if the account was disabled or deleted, or its password changed,
        since the user was read. Remember the network that it is started from.
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
        """Mark a refresh token as used and store its successor; None if it is unknown.

        Of several concurrent calls exactly one wins; the others find the token used. A
        used token ends the session, unless it was used within the leeway.
        """

    async def end(self, token_hash: str) -> Rotation | None:
        """End the session of a refresh token; return None if it is unknown."""

    async def purge(self, now: datetime) -> int:
        """Delete expired sessions; return their number."""


class SqlSessionRepository:
    """Sessions in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_user(self, user: User) -> None:
        """Insert the account."""
        async with self._database.transaction() as session:
            await SqlUserRepository(session).add(user)

    async def find_user(self, email: str) -> User | None:
        """Select the account by its e-mail address."""
        async with self._database.transaction(readonly=True) as session:
            return await SqlUserRepository(session).find_by_email(email)

    async def renew_password_hash(self, user: User, password_hash: str) -> None:
        """Update the row if its hash has not changed."""
        async with self._database.transaction() as session:
            await session.execute(
                update(User)
                .where(User.id == user.id, User.password_hash == user.password_hash)
                .values(password_hash=password_hash),
            )

    async def start(
        self, user: User, session: UserSession, token_hash: str, network: str
    ) -> bool:
        """Insert both rows; the lock makes ending all sessions wait for this one."""
        async with self._database.transaction() as transaction:
            account = await SqlUserRepository(transaction).lock_unchanged(user)
            if account is None:
                return False
            others = [n for n in account.sign_in_networks or () if n != network]
            await transaction.execute(
                update(User)
                .where(User.id == user.id)
                .values(
                    sign_in_networks=[*others, network][-_SIGN_IN_NETWORKS:],
                    updated_at=User.updated_at,  # the user has changed nothing
                ),
            )
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
            # Another request may have used the token while this one waited, even with a
            # later `now`: the order of locks counts, not the order of clocks.
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
        """Delete the session and, by cascade, its tokens."""
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
        """Delete the rows and, by cascade, their tokens."""
        async with self._database.transaction() as session:
            result = await session.execute(
                delete(UserSession).where(UserSession.idle_until <= now),
            )
            return cast("CursorResult[Any]", result).rowcount


class Access(NamedTuple):
    """The user of a session, their scopes, and when they logged in."""

    user_id: UUID
    scopes: list[str]
    signed_in_at: datetime


# Built once, since nearly every request runs it.
_ACCESS = (
    select(User.id, User.scopes, UserSession.created_at)
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.id == bindparam("session_id"))
    .where(UserSession.idle_until > bindparam("now"))
    .where(User.is_active)
)


async def find_access(session: Session, session_id: UUID) -> Access | None:
    """Return the access that a session grants, or None if it has ended."""
    asked = {"session_id": session_id, "now": utc_now()}
    result = await session.execute(_ACCESS, asked)
    row = result.one_or_none()
    return None if row is None else Access(*row)
