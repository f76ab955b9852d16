"""The server's processes: the main one starts workers and stops them gracefully."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
from contextlib import suppress
from functools import partial
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from signal import SIG_DFL, SIGINT, SIGTERM, signal
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from granian._granian import ListenerSpec
from granian.server import MPServer

from app.core.errors import ConfigurationError
from app.core.server import DRAINING

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


class Server(MPServer):
    """Granian, extended by draining and by inherited sockets.

    Attributes:
        url: the address that the server listens on.

    Raises:
        ConfigurationError: the address is in use, or does not belong to this machine.
    """

    _shd: Any

    def __init__(
        self,
        target: str,
        *,
        address: str,
        port: int,
        inherited: int | None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        if inherited is None:
            self._reserved = _reserve(address, port)
            address, port, *_ = self._reserved.getsockname()
            if sys.platform != "linux":
                self._reserved.close()
        super().__init__(target, address=address, port=port, **options)
        host = f"[{address}]" if ":" in address else address
        self.url = f"http://{host}:{port}"
        self._inherited = inherited
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._ended = Event()

    def run(self, drain_seconds: int) -> None:
        """Serve until a signal arrives.

        On SIGTERM the workers start draining: they still serve for `drain_seconds`; a
        second signal ends that early. Ctrl+C stops at once.
        """
        receiver, sender = multiprocessing.Pipe(duplex=False)
        if sys.platform == "linux" and not self.reload_on_changes:
            # Import once here; forked workers share the memory.
            resolve_name(self.target)
            os.register_at_fork(after_in_child=partial(_let_go, sender))
            multiprocessing.set_start_method("fork", force=True)
        else:
            multiprocessing.set_start_method("spawn", force=True)
        Thread(target=self._stop, args=(sender, drain_seconds), daemon=True).start()
        try:
            self.serve(target_loader=partial(load, receiver))
        finally:
            self._ended.set()

    def signal_handler_interrupt(self, signum: int, *_: object) -> None:
        """Pass the signal to a thread: a handler must not wait for locks."""
        self._signals.put(signum)

    def _stop(self, sender: Connection, drain_seconds: int) -> None:
        if self._signals.get() == SIGTERM and drain_seconds:
            sender.close()
            with suppress(Empty):
                self._signals.get(timeout=drain_seconds)
        self.interrupt_signal = True
        self.main_loop_interrupt.set()
        # Repeat: a worker that has just started may miss the first signal.
        while not self._ended.wait(1):
            for worker in multiprocessing.active_children():
                worker.terminate()

    def _init_shared_socket(self) -> None:
        if self._inherited is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        # The workers share it, like a Unix socket.
        self._shd = ListenerSpec(self.bind_addr, 0, self.backlog).build()
        os.dup2(self._inherited, self._shd.get_fd())
        self._sso = socket.socket(fileno=self._shd.get_fd())


def load(receiver: Connection, target: str) -> Callable[..., Any]:
    """Create the application; start draining when the other end of the pipe closes."""
    Thread(target=_wait, args=(receiver,), daemon=True).start()
    application: Callable[..., Any] = resolve_name(target)()
    return application


def _wait(receiver: Connection) -> None:
    with suppress(EOFError):
        receiver.recv_bytes()
    DRAINING.set()


def _let_go(sender: Connection) -> None:
    """Close the main process's end of the pipe, and reset its signal handlers."""
    sender.close()
    for number in (SIGINT, SIGTERM):
        signal(number, SIG_DFL)


def _reserve(address: str, port: int) -> socket.socket:
    """Bind a socket that reserves the address.

    On Linux, Granian's own sockets share their address (SO_REUSEPORT): a second server
    would silently receive half of the requests.
    """
    reserved = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((address, port))
    except OSError as error:
        reserved.close()
        message = f"Cannot listen on {address}:{port}: {error.strerror}"
        raise ConfigurationError(message) from error
    return reserved
