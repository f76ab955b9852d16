"""Work that takes a core and some memory for a while."""

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

    A storm of logins then waits in line, instead of taking all memory.
    """
    return await to_thread.run_sync(function, *args, limiter=_limiter())
