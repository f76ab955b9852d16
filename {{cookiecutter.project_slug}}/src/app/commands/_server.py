"""The server's processes: the main one starts, replaces and stops its workers."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import time
import traceback
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from signal import SIG_DFL, SIGINT, SIGTERM, signal
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

import structlog
from granian import __version__ as granian_version
from granian._granian import SocketHolder
from granian.log import logger as granian_logger
from granian.server import MPServer

from app.core.server import DRAINING
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)

# Exit code of a worker that could not create the application.
CANNOT_START: Final = 3

_BACKLOG: Final = 1024  # connections that wait to be accepted
_RELOAD: Final = 0  # in place of a signal's number
_SOURCES: Final = Path(__file__).parents[1]

# Granian does not document what `Server` overrides and uses: names, by the method of
# `granian.server` that must know them.
_NEEDED: Final = {
    "mp:MPServer._serve": ["_serve_loop"],
    "mp:MPServer.startup": [
        "_init_shared_socket",
        "signal_handler_interrupt",
        "signal_handler_reload",
    ],
    "mp:MPServer._spawn_worker": ["_shd", "_sso"],
    "mp:MPServer._respawn_workers": ["wrks"],
    "mp:WorkerProcess._spawn": ["inner"],
    "mp:WorkerProcess._watcher": ["interrupt_children", "main_loop_interrupt"],
    "common:AbstractWorker.__init__": ["birth", "idx"],
}


def check_granian() -> None:
    """Compare the installed version of Granian with what is needed of it.

    Raises:
        ConfigurationError: a name has changed.
    """
    changes = []
    for method, names in _NEEDED.items():
        try:
            known = resolve_name(f"granian.server.{method}").__code__.co_names
        except AttributeError:
            changes.append(f"{method} is missing")
        else:
            changes += [f"{method} lacks {name}" for name in names if name not in known]
    if changes:
        raise ConfigurationError(
            f"{__name__} does not fit granian {granian_version}: {', '.join(changes)}"
        )


check_granian()


class Server(MPServer):
    """Granian, extended by draining, by replacing workers, and by a socket for all.

    The main process keeps the socket that all workers accept connections from. While a
    worker is replaced, new connections wait.

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
        reload: bool,
        shutdown_seconds: int,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self._listener = (
            _listen(address, port)
            if inherited is None
            else socket.socket(fileno=inherited)
        )
        address, port, *_ = self._listener.getsockname()
        super().__init__(
            target,
            address=address,
            port=port,
            workers_kill_timeout=shutdown_seconds,
            **options,
        )
        host = f"[{address}]" if ":" in address else address
        self.url = f"http://{host}:{port}"
        self._follows_sources = reload
        self._shutdown_seconds = shutdown_seconds
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._reloading = self._stopping = self._failed = False
        self._ended = Event()

    def run(self, drain_seconds: int) -> None:
        """Serve until a signal arrives.

        On SIGTERM the workers start draining: they still serve for `drain_seconds`; a
        second signal ends that early. Ctrl+C stops at once.

        Raises:
            ConfigurationError: the application cannot start.
        """
        draining, drain = multiprocessing.Pipe(duplex=False)
        ending, end = multiprocessing.Pipe(duplex=False)
        if sys.platform == "linux" and not self._follows_sources:
            # Import once here; forked workers share the memory.
            resolve_name(self.target)
            os.register_at_fork(after_in_child=partial(_let_go, drain, end))
            multiprocessing.set_start_method("fork", force=True)
        else:
            multiprocessing.set_start_method("spawn", force=True)
        Thread(target=self._obey, args=(drain, drain_seconds), daemon=True).start()
        if self._follows_sources:
            Thread(target=self._follow_sources, daemon=True).start()
        granian_logger.disabled = True  # the main process writes a log of its own
        try:
            # Granian's exit code would be 1 if a worker had ever ended.
            with suppress(SystemExit):
                self.serve(
                    target_loader=partial(
                        load, draining, ending, self._shutdown_seconds
                    )
                )
        finally:
            self._ended.set()
            end.close()
            self._listener.close()
        if self._failed:
            raise ConfigurationError("The application cannot start; see above.")

    def signal_handler_interrupt(self, signum: int, *_: object) -> None:
        """Pass the signal to a thread: a handler must not wait for locks."""
        self._signals.put(signum)

    def signal_handler_reload(self, *_: object) -> None:
        """Replace all workers."""
        self._signals.put(_RELOAD)

    def _obey(self, drain: Connection, drain_seconds: int) -> None:
        while (number := self._signals.get()) == _RELOAD:
            self._reloading = True
            self.main_loop_interrupt.set()
        if number == SIGTERM and drain_seconds:
            drain.close()
            with suppress(Empty):
                self._signals.get(timeout=drain_seconds)
        self._stopping = True
        self.main_loop_interrupt.set()
        # Repeat: a worker that has just started may miss the first signal.
        while not self._ended.wait(1):
            for worker in multiprocessing.active_children():
                worker.terminate()

    def _follow_sources(self) -> None:
        for _ in resolve_name("watchfiles:watch")(_SOURCES):
            self.signal_handler_reload()

    def _init_shared_socket(self) -> None:
        is_unix = False
        self._shd = SocketHolder(self._listener.fileno(), is_unix, self.backlog)  # type: ignore[call-arg]
        self._sso = self._listener

    def _serve_loop(self, *start: Any) -> None:  # noqa: ANN401
        """Replace workers until a signal says to stop."""
        first = list(self.wrks)
        while not self._failed:
            self.main_loop_interrupt.wait()
            self.main_loop_interrupt.clear()
            if self._stopping:
                return
            if self._reloading:
                self._reloading = False
                self._respawn_workers(range(self.workers), *start)
            while self.interrupt_children and not self._stopping:
                worker = self.wrks[self.interrupt_children.pop()]
                if worker.is_alive():  # replaced meanwhile
                    continue
                code = worker.inner.exitcode
                logger.error("worker_ended", pid=worker.inner.pid, exit_code=code)
                if self._follows_sources and code > 0:
                    logger.info("waiting_for_change")
                elif code == CANNOT_START and worker in first:
                    self._failed = True
                else:
                    # At most one start a second: workers may end as soon as they start.
                    time.sleep(max(0, worker.birth + 1 - time.monotonic()))
                    self._respawn_workers([worker.idx], *start)


def load(
    draining: Connection, ending: Connection, shutdown_seconds: int, target: str
) -> Callable[..., Any]:
    """Create the application in a worker, which drains and ends as the main process.

    Args:
        draining: a pipe that the main process closes when the workers shall drain.
        ending: a pipe that closes when the main process has ended, even if killed.
        shutdown_seconds: how long requests in progress then have to finish.
        target: the function that creates the application, as `module:name`.
    """
    arguments = draining, ending, shutdown_seconds
    Thread(target=_follow, args=arguments, daemon=True).start()
    try:
        application: Callable[..., Any] = resolve_name(target)()
    except Exception as error:
        traceback.print_exc()
        raise SystemExit(CANNOT_START) from error
    return application


def _follow(draining: Connection, ending: Connection, shutdown_seconds: int) -> None:
    wait([draining])
    DRAINING.set()
    wait([ending])
    for _ in range(shutdown_seconds):
        os.kill(os.getpid(), SIGTERM)
        time.sleep(1)
    os._exit(1)


def _let_go(*ends: Connection) -> None:
    """Close the main process's ends of the pipes, and reset its signal handlers."""
    for end in ends:
        end.close()
    for number in (SIGINT, SIGTERM):
        signal(number, SIG_DFL)


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if sys.platform != "win32":  # there it would let a second server share the address
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {address}:{port}: {error.strerror}"
        ) from error
    return listener
