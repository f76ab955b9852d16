"""API keys in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from sqlalchemy import CursorResult, Select, delete, func, or_, select

from app.models.api_key import ApiKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.core.database import Session


class ApiKeyRepository(Protocol):
    """Where keys are kept."""

    async def add(self, key: ApiKey) -> None:
        """Keep a new key."""

    async def find(self, api_key_id: UUID) -> ApiKey | None:
        """Return the key, or nothing; nobody else can change it meanwhile."""

    async def list(self, *, offset: int, limit: int) -> Sequence[ApiKey]:
        """Return keys, the newest first."""

    async def count(self) -> int:
        """Return how many keys there are."""

    async def save(self, key: ApiKey) -> None:
        """Keep what has changed."""

    async def purge(self, before: datetime) -> int:
        """Forget keys that were over before then; return their number."""


class SqlApiKeyRepository:
    """Keys in the database, within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, key: ApiKey) -> None:
        """Insert the row."""
        await self.save(key)

    async def find(self, api_key_id: UUID) -> ApiKey | None:
        """Select the row by its key, and lock it."""
        query = self._keys().where(ApiKey.id == api_key_id).with_for_update()
        key: ApiKey | None = await self._session.scalar(query)
        return key

    async def list(self, *, offset: int, limit: int) -> Sequence[ApiKey]:
        """Select a page."""
        query = self._keys().order_by(ApiKey.id.desc()).offset(offset).limit(limit)
        rows = await self._session.scalars(query)
        return rows.all()

    async def count(self) -> int:
        """Count the rows."""
        query = select(func.count()).select_from(self._keys().subquery())
        total = await self._session.scalar(query)
        return total or 0

    async def save(self, key: ApiKey) -> None:
        """Insert or update the row."""
        self._session.add(key)
        await self._session.flush()

    async def purge(self, before: datetime) -> int:
        """Delete the rows, whosever they are."""
        over = or_(ApiKey.expires_at < before, ApiKey.revoked_at < before)
        result = await self._session.execute(delete(ApiKey).where(over))
        return cast("CursorResult[Any]", result).rowcount

    def _keys(self) -> Select[ApiKey]:
        """Return the query for the keys that can be seen."""
        return select(ApiKey)
