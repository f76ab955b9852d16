"""Rate limits, counted in memory or in Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Network
from typing import TYPE_CHECKING

import structlog
from limits import parse
from limits.errors import StorageError

from app.core.rate_limit_storage import Limiter, MemoryStorage, close, redis_storage
from app.errors import TooManyRequestsError

if TYPE_CHECKING:
    from app.core.settings.sections import RateLimitSettings

logger = structlog.get_logger(__name__)
audit_log = structlog.get_logger("app.audit")

BREAK_SECONDS = 5

# Parse each of the few rules once, not per request.
limit_of = cache(parse)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The remaining quota of a limit."""

    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The allowance as response headers (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class RateLimiter:
    """Counts calls per rule and key.

    While Redis is unavailable, each process counts for itself: limits are multiplied by
    the number of processes, but never off, and nobody is locked out.
    """

    def __init__(self, settings: RateLimitSettings) -> None:
        self._enabled = settings.enabled
        self._ipv6_prefix_length = settings.ipv6_prefix_length
        url = settings.storage_url.get_secret_value()
        self._local = Limiter(MemoryStorage())
        self._shared = (
            None if url.startswith("memory:") else Limiter(redis_storage(url))
        )
        self._shared_again_at = 0.0

    async def hit(self, rule: str, *key: str) -> Allowance | None:
        """Count a call and return the remaining quota; None if limits are off.

        Args:
            rule: the limit, such as "10/minute".
            key: what to count by, such as a purpose and a network.

        Raises:
            TooManyRequestsError: the limit is exceeded.
        """
        return await self._call(rule, key)

    def network_of(self, address: str) -> str:
        """Return what to count a client by: its IPv4 address or its IPv6 network.

        A single client has a whole IPv6 network, a /64 or larger (RFC 6177), and can
        call from each of its addresses.
        """
        try:
            network = IPv6Network((address, self._ipv6_prefix_length), strict=False)
        except ValueError:  # IPv4, or a Unix socket
            return address
        return str(network)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._shared is not None:
            await close(self._shared.storage)

    async def _call(
        self, rule: str, key: tuple[str, ...], *, counted: bool = True
    ) -> Allowance | None:
        if not self._enabled:
            return None
        if self._shared is not None and time.monotonic() >= self._shared_again_at:
            try:
                return await self._ask(self._shared, rule, key, counted=counted)
            except (StorageError, OSError) as error:
                self._shared_again_at = time.monotonic() + BREAK_SECONDS
                cause = error.__cause__ or error
                logger.warning(
                    "rate_limit_storage_unavailable", error=type(cause).__name__
                )
        return await self._ask(self._local, rule, key, counted=counted)

    async def _ask(
        self,
        limiter: Limiter,
        rule: str,
        key: tuple[str, ...],
        *,
        counted: bool,
    ) -> Allowance:
        limit = limit_of(rule)
        allowed = await (limiter.hit if counted else limiter.test)(limit, *key)
        window = await limiter.get_window_stats(limit, *key)
        reset_seconds = max(1, round(window.reset_time - time.time()))
        allowance = Allowance(limit.amount, window.remaining, reset_seconds)
        if not allowed:
            audit_log.warning("rate_limited", purpose=key[0], limit=rule)
            refusal = TooManyRequestsError(retry_after=reset_seconds)
            refusal.headers |= allowance.headers
            raise refusal
        return allowance
