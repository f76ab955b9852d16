"""The data for authenticating an API key, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from app.models.api_key import ApiKey
from app.repositories.api_keys import KeyAccess

if TYPE_CHECKING:
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
