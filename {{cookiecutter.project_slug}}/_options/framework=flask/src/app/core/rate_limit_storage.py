"""The synchronous classes of the `limits` library."""

from __future__ import annotations

from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import SlidingWindowCounterRateLimiter as Limiter

__all__ = ["Limiter", "MemoryStorage", "Storage", "close", "redis_storage"]

REDIS_SECONDS = 0.2


def redis_storage(url: str) -> Storage:
    """Return a storage in Redis, with a short timeout.

    `limits` imports redis here, and not at each start; hence its errors are wrapped.
    """
    return RedisStorage(
        url,
        wrap_exceptions=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )


def close(storage: Storage) -> None:
    """Close the connections to Redis, if there are any."""
    if isinstance(storage, RedisStorage):
        storage.storage.close()
