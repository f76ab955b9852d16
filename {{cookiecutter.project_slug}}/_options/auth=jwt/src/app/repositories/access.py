"""What a request needs to know of its session, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, select

from app.models.base import utc_now
from app.models.session import UserSession
from app.models.user import User

if TYPE_CHECKING:
    from uuid import UUID

    from app.core.database import Session


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
