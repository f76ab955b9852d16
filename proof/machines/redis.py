"""A Redis server for the tests of generated services, wherever one can be had.

In this order: REDIS_URL, a server of this machine, one started from this machine's binary.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from proof.machines.postgres import START_SECONDS, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PORT = 6379


@contextmanager
def server() -> Iterator[str | None]:
    """Yield the URL of a server's last database, or None, loudly, where there is no server."""
    given = os.environ.get("REDIS_URL")
    if given or answers(DEFAULT_PORT):
        yield given or url(DEFAULT_PORT)
    elif binary := shutil.which("redis-server"):
        with started(binary) as port:
            yield url(port)
    else:
        print("NO REDIS SERVER: set REDIS_URL, or install one", file=sys.stderr)
        yield None


def url(port: int) -> str:
    """Return the URL of the last of the databases that every server has."""
    return f"redis://127.0.0.1:{port}/15"


def answers(port: int) -> bool:
    """Return whether something listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def started(binary: str) -> Iterator[int]:
    """Yield the port of a server of our own, which keeps nothing."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    try:
        while not answers(port):
            if time.monotonic() > deadline:
                message = f"the Redis server did not start within {START_SECONDS} seconds"
                raise TimeoutError(message)
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
