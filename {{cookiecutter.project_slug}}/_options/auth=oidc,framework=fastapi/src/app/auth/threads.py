"""Blocking calls with a timeout, off the event loop."""

from __future__ import annotations

from asyncio import Lock
from typing import TYPE_CHECKING

from anyio import fail_after, to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Lock", "run_in_thread"]


async def run_in_thread[T, *Args](
    seconds: float, function: Callable[[*Args], T], *args: *Args
) -> T:
    """Return what a blocking function returns, in time.

    Raises:
        TimeoutError: it takes longer; it is abandoned.
    """
    with fail_after(seconds):
        return await to_thread.run_sync(function, *args, abandon_on_cancel=True)
