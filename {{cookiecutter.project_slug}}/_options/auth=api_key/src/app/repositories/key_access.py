"""API keys and their owners, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from app.models.api_key import ApiKey
from app.repositories.api_keys import KeyAccess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Row

    from app.core.database import Session


# Built once, since nearly every request runs it.
_KEY_ACCESS = select(*(getattr(ApiKey, name) for name in KeyAccess._fields)).where(
    ApiKey.key_id == bindparam("key_id")
)


async def find_key_access(session: Session, key_id: str) -> KeyAccess | None:
    """Return the access that a key grants, or None if there is none."""
    result = await session.execute(_KEY_ACCESS, {"key_id": key_id})
    row = result.one_or_none()
    return None if row is None else KeyAccess(*row)


async def list_with_owners(
    session: Session, *, offset: int, limit: int
) -> Sequence[Row[ApiKey, UUID]]:
    """Return a page of all keys, newest first, each with its owner's id."""
    query = select(ApiKey, ApiKey.owner_id).order_by(ApiKey.id.desc())
    rows = await session.execute(query.offset(offset).limit(limit))
    return rows.all()
