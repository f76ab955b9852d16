"""Operations on API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from app.auth.api_keys import ApiKeyOverError, make_key
from app.auth.errors import InsufficientScopeError
from app.errors import NotFoundError
from app.models.api_key import ApiKey
from app.models.base import utc_now
from app.schemas.api_keys import ApiKeyCreated, ApiKeyPublic
from app.schemas.base import Page
from app.scopes import with_implied

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from app.repositories.api_keys import ApiKeyRepository
    from app.schemas.api_keys import ApiKeyCreate, ApiKeyRotate
    from app.schemas.base import PageQuery

# How long ended keys are still listed, for investigating incidents.
KEPT_FOR: Final = timedelta(days=30)

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

audit_log = structlog.get_logger("app.audit")


class ApiKeyService:
    """The keys that a caller can manage."""

    def __init__(
        self,
        keys: ApiKeyRepository,
        scopes: Iterable[str],
        client: str,
    ) -> None:
        """Set the limits of the caller.

        Args:
            keys: the keys that the caller may see.
            scopes: the scopes of the caller; no key can have more.
            client: the address of the caller, for the audit log.
        """
        self._keys = keys
        self._allowed = with_implied(scopes)
        self._client = client

    async def create(self, data: ApiKeyCreate, owner_id: UUID) -> ApiKeyCreated:
        """Create a key for this owner.

        Raises:
            InsufficientScopeError: the caller lacks a scope of the key.
        """
        self._check(data.scopes)
        await self.purge()
        made = await self._add(owner_id, data.name, data.scopes, data.expires_at)
        self._record("key_made", made)
        return made

    async def list(self, query: PageQuery) -> Page[ApiKeyPublic]:
        """Return a page of keys, newest first, including ended ones."""
        total = await self._keys.count()
        keys = await self._keys.list(offset=query.offset, limit=query.size)
        return Page[ApiKeyPublic](
            items=[ApiKeyPublic.model_validate(key) for key in keys],
            page=query.page,
            size=query.size,
            total=total,
        )

    async def rotate(self, api_key_id: UUID, data: ApiKeyRotate) -> ApiKeyCreated:
        """Create a key that replaces another, with the same lifetime.

        It has the same owner, so the owner's data stays accessible. The old key is
        valid until the overlap ends, or until it expires if that is earlier.

        Raises:
            NotFoundError: there is no such key.
            ApiKeyOverError: the key has ended, or is already rotated.
            InsufficientScopeError: the caller lacks a scope of the key.
        """
        key = await self._find(api_key_id)
        now = utc_now()
        expired = key.expires_at is not None and key.expires_at <= now
        if expired or key.revoked_at is not None or key.rotated_at is not None:
            raise ApiKeyOverError
        self._check(key.scopes)
        ends = None
        overlap_ends = now + timedelta(seconds=data.overlap_seconds)
        if key.expires_at is not None:
            ends = now + min(key.expires_at - key.created_at, _END_OF_TIME - now)
            overlap_ends = min(overlap_ends, key.expires_at)
        key.rotated_at, key.expires_at = now, overlap_ends
        await self._keys.save(key)
        made = await self._add(key.owner_id, key.name, key.scopes, ends)
        self._record("key_rotated", made, rotated=key.prefix)
        return made

    async def revoke(self, api_key_id: UUID) -> None:
        """Revoke a key, with immediate effect.

        Raises:
            NotFoundError: there is no such key.
        """
        key = await self._find(api_key_id)
        if key.revoked_at is None:
            key.revoked_at = utc_now()
            await self._keys.save(key)
            self._record("key_revoked", ApiKeyPublic.model_validate(key))

    async def purge(self) -> int:
        """Delete keys that ended long ago; return their number."""
        return await self._keys.purge(utc_now() - KEPT_FOR)

    async def _add(
        self,
        owner_id: UUID,
        name: str,
        scopes: Iterable[str],
        expires_at: datetime | None,
    ) -> ApiKeyCreated:
        made = make_key()
        key = ApiKey(
            owner_id=owner_id,
            key_id=made.id,
            secret_hash=made.secret_hash,
            last4=made.last4,
            name=name,
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
        await self._keys.add(key)
        shown = ApiKeyPublic.model_validate(key)
        return ApiKeyCreated(**shown.model_dump(), key=made.text)

    async def _find(self, api_key_id: UUID) -> ApiKey:
        key = await self._keys.find(api_key_id)
        if key is None:
            raise NotFoundError
        return key

    def _check(self, scopes: Iterable[str]) -> None:
        for scope in sorted(set(scopes) - self._allowed):
            raise InsufficientScopeError(scope)

    def _record(self, event: str, key: ApiKeyPublic, **fields: str) -> None:
        audit_log.info(event, key_id=key.prefix, client=self._client, **fields)
