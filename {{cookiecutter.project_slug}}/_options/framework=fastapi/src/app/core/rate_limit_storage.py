"""The asynchronous classes of the `limits` library."""

from __future__ import annotations

from urllib.parse import urlsplit

from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import SlidingWindowCounterRateLimiter as Limiter

__all__ = ["Limiter", "MemoryStorage", "Storage", "close", "redis_storage"]

REDIS_SECONDS = 0.2


def redis_storage(url: str) -> Storage:
    """Return a storage in Redis, with a short timeout.

    `limits` imports redis here, and not at each start; hence its errors are wrapped.
    """
    parts = urlsplit(url)
    if parts.hostname and parts.port is None:  # which this class does not default
        url = parts._replace(netloc=f"{parts.netloc}:6379").geturl()
    return RedisStorage(
        f"async+{url}",
        implementation="redispy",
        wrap_exceptions=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )


async def close(storage: Storage) -> None:
    """Close the connections to Redis, if there are any."""
    if isinstance(storage, RedisStorage) and isinstance(storage.bridge, RedispyBridge):
        await storage.bridge.storage.aclose()
