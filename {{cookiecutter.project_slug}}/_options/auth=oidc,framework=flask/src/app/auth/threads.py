"""Calls that wait for somebody outside."""

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

    Its thread can be left behind: no timeout of a socket covers looking up a name.

    Raises:
        TimeoutError: it takes longer; nobody waits for it any more.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(function(*args))
        except BaseException as error:  # noqa: BLE001  # it is raised below
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future.result(seconds)
