"""API keys in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from sqlalchemy import CursorResult, delete, or_, select, update

from app.models.api_key import ApiKey
from app.repositories.base import SqlRepository

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from app.core.database import Database


class ApiKeyRepository(Protocol):
    """A store of API keys."""

    async def add(self, key: ApiKey) -> None:
        """Add a new key."""

    async def find(self, api_key_id: UUID) -> ApiKey | None:
        """Return the key, locked against changes by others, or None."""

    async def list(self, *, offset: int, limit: int) -> Sequence[ApiKey]:
        """Return keys, newest first."""

    async def count(self) -> int:
        """Return the number of keys."""

    async def save(self, key: ApiKey) -> None:
        """Save changes."""

    async def purge(self, before: datetime) -> int:
        """Delete keys that ended before this time; return their number."""


class SqlApiKeyRepository(SqlRepository[ApiKey]):
    """Keys in the database, within the caller's transaction."""

    entity = ApiKey

    async def find(self, api_key_id: UUID) -> ApiKey | None:
        """Select the row by its key, and lock it."""
        query = self._select(ApiKey.id == api_key_id, *self._visible())
        key: ApiKey | None = await self._session.scalar(query.with_for_update())
        return key

    async def find_id(self, key_id: str) -> UUID | None:
        """Select the row's id by the part of the key that identifies it."""
        query = select(ApiKey.id).where(ApiKey.key_id == key_id, *self._visible())
        api_key_id: UUID | None = await self._session.scalar(query)
        return api_key_id

    async def list(self, *, offset: int, limit: int) -> Sequence[ApiKey]:
        """Select a page."""
        return await self._page(*self._visible(), offset=offset, limit=limit)

    async def count(self) -> int:
        """Count the rows."""
        return await self._count(*self._visible())

    async def purge(self, before: datetime) -> int:
        """Delete the rows of all owners."""
        over = or_(ApiKey.expires_at < before, ApiKey.revoked_at < before)
        result = await self._session.execute(delete(ApiKey).where(over))
        return cast("CursorResult[Any]", result).rowcount

    def _visible(self) -> Sequence[ColumnElement[bool]]:
        """Return the conditions that the keys in sight meet: all are."""
        return ()


class KeyAccess(NamedTuple):
    """The owner, scopes and validity of a key."""

    id: UUID
    owner_id: UUID
    scopes: Collection[str]
    secret_hash: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Return whether the key is revoked or expired."""
        expired = self.expires_at is not None and self.expires_at <= now
        return expired or self.revoked_at is not None


async def update_last_used(
    database: Database,
    api_key_id: UUID,
    now: datetime,
    *,
    unless_since: datetime,
) -> None:
    """Keep the time of a use, in a transaction of its own.

    Of many uses at once, only one is recorded.
    """
    statement = (
        update(ApiKey)
        .where(ApiKey.id == api_key_id)
        .where(
            or_(
                ApiKey.last_used_at.is_(None),
                ApiKey.last_used_at <= unless_since,
            )
        )
        # A use is not a change.
        .values(last_used_at=now, updated_at=ApiKey.updated_at)
    )
    async with database.transaction() as session:
        await session.execute(statement)
