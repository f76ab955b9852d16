"""Limits on concurrent CPU-bound work."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(os.cpu_count() or 1)


async def run_in_hashing_slot[T, *Args](
    function: Callable[[*Args], T],
    *args: *Args,
) -> T:
    """Run a function off the event loop, at most one for each core at once.

    Many logins at once then queue, instead of using up the memory.
    """
    return await to_thread.run_sync(function, *args, limiter=_limiter())
