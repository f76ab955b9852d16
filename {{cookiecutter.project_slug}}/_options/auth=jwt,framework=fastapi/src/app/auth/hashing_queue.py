"""A limit on concurrent hashing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread

from app.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

_CORES: Final = os.cpu_count() or 1
# With the default cost of a hash, the last one waits about a second.
_PLACES: Final = 50 * _CORES


class HashingQueue:
    """Runs hashes off the event loop, one for each core at once; the others wait.

    Many logins at once would use up the memory otherwise.
    """

    def __init__(self, slots: int = _CORES, places: int = _PLACES) -> None:
        self._slots = CapacityLimiter(slots)
        self._places = places

    async def run[T, *Args](self, function: Callable[[*Args], T], *args: *Args) -> T:
        """Return the result of a function once it is its turn.

        Raises:
            UnavailableError: too many are running or waiting.
        """
        if self._places == 0:
            raise UnavailableError(
                "Too many passwords are being checked; try again shortly."
            )
        self._places -= 1
        try:
            return await to_thread.run_sync(function, *args, limiter=self._slots)
        finally:
            self._places += 1
