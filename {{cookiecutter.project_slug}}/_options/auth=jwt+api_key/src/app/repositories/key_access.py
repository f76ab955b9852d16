"""API keys and the accounts that own them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from app.models.api_key import ApiKey
from app.models.user import User
from app.repositories.api_keys import KeyAccess, SqlApiKeyRepository
from app.scopes import with_implied

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row

    from app.core.database import Session


class SqlOwnApiKeyRepository(SqlApiKeyRepository):
    """The keys of one owner; keys of others are not visible."""

    def __init__(self, session: Session, owner_id: UUID) -> None:
        super().__init__(session)
        self._owner_id = owner_id

    def _visible(self) -> Sequence[ColumnElement[bool]]:
        return (ApiKey.owner_id == self._owner_id,)


# Built once, since nearly every request runs it.
_KEY_ACCESS = (
    select(ApiKey, User.scopes)
    .join(User, User.id == ApiKey.owner_id)
    .where(ApiKey.key_id == bindparam("key_id"))
    .where(User.is_active)
)


async def find_key_access(session: Session, key_id: str) -> KeyAccess | None:
    """Return the access that a key grants, or None if there is none.

    A key grants nothing while its owner is disabled, and never more than its owner has.
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


async def list_with_owners(
    session: Session, *, offset: int, limit: int
) -> Sequence[Row[ApiKey, str]]:
    """Return a page of all keys, newest first, each with its owner's e-mail address."""
    query = select(ApiKey, User.email).join(User, User.id == ApiKey.owner_id)
    page = query.order_by(ApiKey.id.desc()).offset(offset).limit(limit)
    rows = await session.execute(page)
    return rows.all()
