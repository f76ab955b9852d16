"""Environments of generated projects: their packages, their Python, the servers they want."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Literal

from proof import surroundings
from proof.commands import run, users_environment
from proof.machines import postgres, redis
from proof.store import FOLDER, digest, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Packages and what mypy knows of them are shared; an environment of one's own, but mypy knows
# the packages, if they have the same contents; or nothing is shared, and nothing known.
How = Literal["shared", "alone", "unshared"]


@contextmanager
def servers(database: str) -> Iterator[dict[str, str]]:
    """Yield the settings that lead a project's tests to the servers that they want.

    Raises:
        MissingError: there is no such server, and none can be had.
    """
    with ExitStack() as stack:
        url = stack.enter_context(redis.server())
        settings = {"TEST_REDIS_URL": present(url, "redis", "REDIS_URL")}
        if database == "postgresql":
            url = stack.enter_context(postgres.fresh_database())
            settings["TEST_DATABASE_URL"] = present(url, "postgresql", "POSTGRES_URL")
            settings["CI"] = "true"
        yield settings


def present(url: str | None, name: str, setting: str) -> str:
    """Return the URL of a server.

    Raises:
        MissingError: there is none.
    """
    if url is None:
        raise surroundings.MissingError(name, f"install a server, or set {setting}")
    return url


@contextmanager
def installed(tree: Path, how: How) -> Iterator[dict[str, str]]:
    """Install a project, and yield the environment in which `uv run` finds it so."""
    environment = users_environment()
    if how == "shared" and os.name == "posix":  # programs on Windows know one Python only
        install_over_packages(tree, environment)
    else:
        run(["uv", "sync", "--quiet", "--locked"], tree, environment)
    environment |= {"UV_NO_SYNC": "1", "PRE_COMMIT_HOME": str(tree / ".venv" / "pre-commit")}
    if how == "unshared":
        yield environment
        return
    with types_of_packages(tree):
        yield environment


def packages_of(tree: Path) -> Path:
    """Return the environment that holds what a tree depends on, for its Python."""
    lock, version = ((tree / name).read_text("utf-8") for name in ("uv.lock", ".python-version"))
    python = surroundings.interpreter(version.strip())
    return FOLDER / "environments" / digest(lock, version, python)[:16]


def install_over_packages(tree: Path, environment: dict[str, str]) -> None:
    """Give a tree an environment of its own over the one for its dependencies.

    Of the tree itself there is only an editable installation; the programs of the packages are
    there, too, for this environment's Python.
    """
    packages = packages_of(tree)
    run(["uv", "lock", "--quiet", "--check"], tree, environment)
    if not packages.exists():
        making = packages.with_suffix(f".{os.getpid()}")
        place = {"UV_PROJECT_ENVIRONMENT": str(making)}
        run(
            ["uv", "sync", "--quiet", "--locked", "--no-install-project"], tree, environment | place
        )
        publish(making, packages)
    run(["uv", "venv", "--quiet", ".venv"], tree, environment)
    (site,) = (tree / ".venv").glob("lib/*/site-packages")
    (shared,) = packages.glob("lib/*/site-packages")
    (site / "shared.pth").write_text(f"{shared}\n", encoding="utf-8")
    run(["uv", "pip", "install", "--quiet", "--no-deps", "-e", "."], tree, environment)
    for program in (packages / "bin").iterdir():
        own = tree / ".venv" / "bin" / program.name
        if not own.exists():
            shutil.copy(program, own, follow_symlinks=False)
            if own.read_bytes().startswith(b"#!"):
                make_own(own)


def make_own(script: Path) -> None:
    """Let a script run with the Python beside it: its first line names one, or a shell's does."""
    python = os.fsencode(script.parent / "python")
    named = rb"[^\s'\"!]+/python[\d.]*(?=['\"\s])"
    script.write_bytes(re.sub(named, lambda _: python, script.read_bytes(), count=1))


@contextmanager
def types_of_packages(tree: Path) -> Iterator[None]:
    """Let mypy know the packages from earlier trees, within the block, and no module of these.

    What it found out about modules of the tree itself is not kept: it would miss that one
    is gone. Types of other packages are of use where there are none of these.
    """
    mine = packages_of(tree).with_suffix(".types")
    known = mine if mine.exists() else next(mine.parent.glob("*.types"), None)
    cache = tree / ".mypy_cache"
    if known:
        shutil.copytree(known, cache)
    yield
    if cache.exists() and not mine.exists():
        making = mine.with_suffix(f".{os.getpid()}")
        shutil.copytree(cache, making)
        for database in making.rglob("*.db"):
            forget_modules(database, {p.stem for p in (*tree.iterdir(), *(tree / "src").iterdir())})
        publish(making, mine)


def forget_modules(database: Path, packages: set[str]) -> None:
    """Remove what mypy keeps of the modules in some packages."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for package in packages:
            connection.execute(
                "DELETE FROM files2 WHERE path GLOB ? OR path GLOB ?",
                (f"{package}/*", f"{package}.*"),
            )
