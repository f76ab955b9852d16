"""A limit on concurrent hashing."""

from __future__ import annotations

import os
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

from app.core.server import THREADS
from app.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

_CORES: Final = os.cpu_count() or 1
# Each takes a thread of the server; the last fifth is for other requests.
_PLACES: Final = THREADS * 4 // 5


class HashingQueue:
    """Runs hashes, one for each core at once; the others wait.

    Many logins at once would use up the memory otherwise.
    """

    def __init__(self, slots: int = _CORES, places: int = _PLACES) -> None:
        self._slots = BoundedSemaphore(slots)
        self._places = BoundedSemaphore(places)

    def run[T, *Args](self, function: Callable[[*Args], T], *args: *Args) -> T:
        """Return the result of a function once it is its turn.

        Raises:
            UnavailableError: too many are running or waiting.
        """
        if not self._places.acquire(blocking=False):
            raise UnavailableError(
                "Too many passwords are being checked; try again shortly."
            )
        try:
            with self._slots:
                return function(*args)
        finally:
            self._places.release()
