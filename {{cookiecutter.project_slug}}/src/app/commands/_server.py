"""The main process of the server: starts the workers, and ends them in good order."""

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

from app.commands._worker import load
from app.core.errors import ConfigurationError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class Server(MPServer):
    """Granian, able to drain, and to serve on a socket that it has inherited.

    Attributes:
        url: where it serves.

    Raises:
        ConfigurationError: the address is taken, or none of this machine.
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
        """Serve until a signal comes.

        On SIGTERM the workers are told, and still serve for the time given; a second
        signal cuts it short. Ctrl+C stops at once.
        """
        told, telling = multiprocessing.Pipe(duplex=False)
        if sys.platform == "linux" and not self.reload_on_changes:
            # All workers share what is imported here, once.
            resolve_name(self.target)
            os.register_at_fork(after_in_child=partial(_let_go, telling))
            multiprocessing.set_start_method("fork", force=True)
        else:
            multiprocessing.set_start_method("spawn", force=True)
        Thread(target=self._stop, args=(telling, drain_seconds), daemon=True).start()
        try:
            self.serve(target_loader=partial(load, told))
        finally:
            self._ended.set()

    def signal_handler_interrupt(self, signum: int, *_: object) -> None:
        """Leave the signal to a thread: a handler must not wait for locks."""
        self._signals.put(signum)

    def _stop(self, telling: Connection, drain_seconds: int) -> None:
        if self._signals.get() == SIGTERM and drain_seconds:
            telling.close()
            with suppress(Empty):
                self._signals.get(timeout=drain_seconds)
        self.interrupt_signal = True
        self.main_loop_interrupt.set()
        # Repeat it: a worker that has just started may miss the first signal.
        while not self._ended.wait(1):
            for worker in multiprocessing.active_children():
                worker.terminate()

    def _init_shared_socket(self) -> None:
        if self._inherited is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        # The workers share it, as they would share a Unix socket.
        self._shd = ListenerSpec(self.bind_addr, 0, self.backlog).build()
        os.dup2(self._inherited, self._shd.get_fd())
        self._sso = socket.socket(fileno=self._shd.get_fd())


def _let_go(telling: Connection) -> None:
    """Leave to the main process its end of the pipe, and its handlers of signals."""
    telling.close()
    for number in (SIGINT, SIGTERM):
        signal(number, SIG_DFL)


def _reserve(address: str, port: int) -> socket.socket:
    """Return a socket that keeps other programs from an address.

    On Linux, Granian's sockets share theirs with whoever asks (SO_REUSEPORT): a second
    server would get half of the requests, and nobody would notice.
    """
    reserved = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((address, port))
    except OSError as error:
        reserved.close()
        message = f"It cannot serve on {address}:{port}: {error.strerror}"
        raise ConfigurationError(message) from error
    return reserved
