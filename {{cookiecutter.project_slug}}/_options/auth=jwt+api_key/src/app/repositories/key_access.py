"""What a request needs to know of its key, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, select

from app.models.api_key import ApiKey
from app.models.user import User
from app.scopes.base import with_implied

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from app.core.database import Session


class KeyAccess(NamedTuple):
    """Whom a key stands for, what it may do, and whether it is still good."""

    id: UUID
    owner_id: UUID
    scopes: Collection[str]
    secret_hash: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether it has been revoked, or has expired."""
        expired = self.expires_at is not None and self.expires_at <= now
        return expired or self.revoked_at is not None


# Built once, since nearly every request asks it.
_KEY_ACCESS = (
    select(ApiKey, User.scopes)
    .join(User, User.id == ApiKey.owner_id)
    .where(ApiKey.key_id == bindparam("key_id"))
    .where(User.is_active)
)


async def find_key_access(session: Session, key_id: str) -> KeyAccess | None:
    """Return the access that a key gives, or nothing when there is none.

    It gives none when its owner is disabled, and never more than its owner has now.
    """
    result = await session.execute(_KEY_ACCESS, {"key_id": key_id})
    row = result.one_or_none()
    if row is None:
        return None
    key, owners_scopes = row
    return KeyAccess(
        id=key.id,
        owner_id=key.owner_id,
        scopes=with_implied(key.scopes) & with_implied(owners_scopes),
        secret_hash=key.secret_hash,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )
