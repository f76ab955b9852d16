"""Blocking calls with a timeout."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Lock", "run_in_thread"]


def run_in_thread[T, *Args](
    seconds: float, function: Callable[[*Args], T], *args: *Args
) -> T:
    """Return what a function returns, in time.

    It runs in a thread that can be abandoned: socket timeouts do not cover DNS lookups.

    Raises:
        TimeoutError: it takes longer; it is abandoned.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(function(*args))
        except BaseException as error:  # noqa: BLE001  # re-raised below
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future.result(seconds)
