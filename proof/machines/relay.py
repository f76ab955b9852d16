"""A database server as a socket in a folder, which a container without a network can have."""

from __future__ import annotations

import socket
import socketserver
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = ".s.PGSQL.5432"
DEFAULT_PORT = 5432
CHUNK = 65_536


@contextmanager
def socket_of(url: str) -> Iterator[Path]:
    """Yield a folder that anybody may use, with a socket that leads to the server of a URL."""
    parts = urlsplit(url)
    address = (parts.hostname, parts.port or DEFAULT_PORT)

    class Connection(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(address) as server:
                answers = Thread(target=_copy, args=(server, self.request), daemon=True)
                answers.start()
                _copy(self.request, server)
                answers.join()

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with TemporaryDirectory(prefix="socket") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Server(str(folder / NAME), Connection) as server:
            (folder / NAME).chmod(0o777)
            Thread(target=server.serve_forever, daemon=True).start()
            yield folder
            server.shutdown()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until nothing more does, and then say so."""
    try:
        while content := source.recv(CHUNK):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side is gone
