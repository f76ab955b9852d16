"""The worker processes of the server."""

from __future__ import annotations

from contextlib import suppress
from pkgutil import resolve_name
from threading import Thread
from typing import TYPE_CHECKING, Any

from app.core.draining import DRAINING

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


def load(told: Connection, target: str) -> Callable[..., Any]:
    """Create the application; start draining when the other end of the pipe closes."""
    Thread(target=_wait, args=(told,), daemon=True).start()
    application: Callable[..., Any] = resolve_name(target)()
    return application


def _wait(told: Connection) -> None:
    with suppress(EOFError):
        told.recv_bytes()
    DRAINING.set()
