"""What a request needs to know of its key, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, select

from app.models.api_key import ApiKey

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
_KEY_ACCESS = select(*(getattr(ApiKey, name) for name in KeyAccess._fields)).where(
    ApiKey.key_id == bindparam("key_id")
)


async def find_key_access(session: Session, key_id: str) -> KeyAccess | None:
    """Return the access that a key gives, or nothing when there is none."""
    result = await session.execute(_KEY_ACCESS, {"key_id": key_id})
    row = result.one_or_none()
    return None if row is None else KeyAccess(*row)
