"""Limits on concurrent CPU-bound work."""

from __future__ import annotations

import os
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_slots = BoundedSemaphore(os.cpu_count() or 1)


def run_in_hashing_slot[T, *Args](function: Callable[[*Args], T], *args: *Args) -> T:
    """Run a function, at most one for each core at once.

    Many logins at once then queue, instead of using up the memory.
    """
    with _slots:
        return function(*args)
