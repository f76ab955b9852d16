"""Tools of this machine that results depend on: servers, programs, interpreters."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from proof import matrix
from proof.commands import tools_environment
from proof.machines import postgres, redis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

# How each tells its version. A container engine is none of these: the tests of the template
# use one, no check does.
PROGRAMS = {
    "systemd-analyze": ["--version"],
    "kubectl": ["version", "--client"],
    "caddy": ["version"],
    "git": ["--version"],
    "curl": ["--version"],
}


class MissingError(Exception):
    """A check cannot be run, since something is not on this machine.

    Attributes:
        name: what is missing, as in `found`.
        remedy: how to get it.
    """

    def __init__(self, name: str, remedy: str) -> None:
        self.name, self.remedy = name, remedy
        super().__init__(f"{name} is not here: {remedy}")


def wrong_or_missing(complaints: Iterable[str]) -> Iterator[str]:
    """Yield complaints; if there are some, it does not matter that not all could be looked for.

    Raises:
        MissingError: nothing is wrong with what was looked at, but not all was.
    """
    wrong = False
    try:
        for complaint in complaints:
            wrong = True
            yield complaint
    except MissingError:
        if not wrong:
            raise


@cache
def found() -> dict[str, str]:
    """Return the versions of what is here, by name; what is not here is left out.

    Names are `postgresql`, `redis`, those of programs, and interpreters such as `python3.13`.

    Raises:
        OSError: nobody answers at REDIS_URL.
        psycopg.OperationalError: nobody answers at POSTGRES_URL.
    """
    return dict([*_servers(), *_programs(), *_interpreters()])


def missing(needs: Collection[str]) -> list[str]:
    """Return those of some names that are not here."""
    return [name for name in needs if name not in found()]


def program(name: str, remedy: str) -> str:
    """Return where a program is.

    Raises:
        MissingError: it is neither on the path nor beside this Python.
    """
    if place := which(name):
        return place
    raise MissingError(name, remedy)


def which(name: str) -> str | None:
    """Return where a program is, on the path or beside this Python."""
    return shutil.which(name, path=tools_environment()["PATH"])


def _servers() -> Iterator[tuple[str, str]]:
    with postgres.server() as url:
        if url:
            yield "postgresql", postgres.version(url)
    with redis.server() as url:
        if url:
            yield "redis", redis.version(url)


def _programs() -> Iterator[tuple[str, str]]:
    for name, question in PROGRAMS.items():
        if (place := which(name)) and (told := _told(place, *question)):
            yield name, told


def _interpreters() -> Iterator[tuple[str, str]]:
    for version in matrix.read_questions()["python_version"]:
        if told := interpreter(version):
            yield f"python{version}", told


@cache
def interpreter(version: str) -> str:
    """Return the release of a Python that uv finds, or nothing; for this it downloads none."""
    find = ["uv", "python", "find", "--no-project", "--system", "--show-version"]
    return _told(*find, version)


def _told(*command: str) -> str:
    """Return the first line that a command says of itself; nothing if it fails."""
    asked = subprocess.run(
        command,
        cwd=matrix.ROOT,
        env=tools_environment(),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    return "" if asked.returncode else asked.stdout.strip().partition("\n")[0]
