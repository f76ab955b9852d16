"""Limits on failed attempts."""

from __future__ import annotations

from contextlib import suppress

from limits.errors import StorageError

from app.core.rate_limit import RateLimiter, limit_of


class AttemptLimiter(RateLimiter):
    """A rate limiter whose count is reset once an attempt succeeds."""

    async def forget(self, rule: str, *key: str) -> None:
        """Reset the count."""
        limit = limit_of(rule)
        await self._local.clear(limit, *key)
        if self._shared is not None:
            with suppress(StorageError, OSError):
                await self._shared.clear(limit, *key)
