"""The checks of a service's Python: they want its environment and its servers."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from proof.commands import CommandError, run, users_environment
from proof.machines import postgres
from proof.machines import redis as redis_server
from proof.machines.serving import serves
from proof.outcome import Outcome
from proof.store import FOLDER, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# What these checks can read; packaging wants a README too, but not its text.
FILES = (
    "src/",
    "tests/",
    "migrations/",
    "pyproject.toml",
    "uv.lock",
    "alembic.ini",
    ".python-version",
    ".env.example",
)

CHECKS = ("sync", "mypy", "layers", "tests", "serve")

# Packages and what mypy knows of them are shared; an environment of one's own, but mypy knows
# the packages, if they have the same contents; or nothing is shared, and nothing known.
How = Literal["shared", "alone", "unshared"]

LAYERS = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"


def files_of(files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what these checks can read of a project, as pairs of path and digest."""
    return tuple(file for file in files.items() if file[0].startswith(FILES))


@contextmanager
def surroundings(database: str) -> Iterator[dict[str, str]]:
    """Yield the environment to run a project in, with the servers that its tests want."""
    environment = users_environment()
    with ExitStack() as servers:
        if url := servers.enter_context(redis_server.server()):
            environment["TEST_REDIS_URL"] = url
        if database == "postgresql":
            if url := servers.enter_context(postgres.fresh_database()):
                environment |= {"TEST_DATABASE_URL": url, "CI": "true"}
            elif "CI" in environment:
                sys.exit("PostgreSQL services are proven on PostgreSQL, and here is none.")
        yield environment


def packages_of(tree: Path, environment: dict[str, str]) -> Path:
    """Return the environment that holds what a tree depends on; there is one a lock file."""
    lock = (tree / "uv.lock").read_text(encoding="utf-8")
    return FOLDER / "environments" / digest(lock, environment["UV_PYTHON"])[:16]


def shared_python(tree: Path, environment: dict[str, str]) -> list[str]:
    """Give a tree an environment of its own over the one for its dependencies.

    Of the tree itself there is only an editable installation.
    """
    packages = packages_of(tree, environment)
    run(["uv", "lock", "--quiet", "--check"], tree, environment)
    if not packages.exists():
        making = packages.with_suffix(f".{os.getpid()}")
        place = {"UV_PROJECT_ENVIRONMENT": str(making)}
        run(
            ["uv", "sync", "--quiet", "--locked", "--no-install-project"], tree, environment | place
        )
        publish(making, packages)
    run(["uv", "venv", "--quiet", ".venv"], tree, environment)
    (site,) = (tree / ".venv").glob("[Ll]ib/**/site-packages")
    (shared,) = packages.glob("[Ll]ib/**/site-packages")
    (site / "shared.pth").write_text(f"{shared}\n", encoding="utf-8")
    run(["uv", "pip", "install", "--quiet", "--no-deps", "-e", "."], tree, environment)
    (python,) = [*(tree / ".venv").glob("bin/python"), *(tree / ".venv").glob("Scripts/python.exe")]
    return [str(python)]


def publish(making: Path, folder: Path) -> None:
    """Give a folder its name: it is whole or not there, however the run that made it ended."""
    try:
        making.rename(folder)
    except OSError:  # somebody else was quicker
        shutil.rmtree(making)


@contextmanager
def types_of_packages(tree: Path, environment: dict[str, str]) -> Iterator[list[str]]:
    """Yield options by which mypy knows the packages from earlier trees, and no module of these.

    What it found out about modules of the tree itself is not kept: it would miss that one
    is gone. Types of other packages are of use where there are none of these.
    """
    mine = packages_of(tree, environment).with_suffix(".types")
    known = mine if mine.exists() else next(mine.parent.glob("*.types"), None)
    cache = tree / ".mypy_cache"
    if known:
        shutil.copytree(known, cache)
    yield ["--no-sqlite-cache", "--cache-dir", str(cache)]
    if not mine.exists():
        own = {path.name for folder in (tree, tree / "src") for path in folder.iterdir()}

        def ignore(folder: str, names: list[str]) -> list[str]:
            top = Path(folder).parent == cache
            return [name for name in names if top and name.partition(".")[0] in own]

        making = mine.with_suffix(f".{os.getpid()}")
        shutil.copytree(cache, making, ignore=ignore)
        publish(making, mine)


def own_python(project: Path, environment: dict[str, str]) -> list[str]:
    """Install a project as its owner would; return how its Python is called."""
    run(["uv", "sync", "--quiet", "--locked"], project, environment)
    return ["uv", "run", "--no-sync", "python"]


def prove(
    tree: Path,
    database: str,
    *,
    checks: tuple[str, ...] = CHECKS,
    how: How = "shared",
) -> Iterator[tuple[str, Outcome]]:
    """Yield each check of a tree of Python and what it found; `sync` is always the first."""
    with surroundings(database) as environment:
        python: list[str] = []

        def sync() -> Outcome:
            nonlocal python
            python = (shared_python if how == "shared" else own_python)(tree, environment)
            return Outcome(1)

        def count(pattern: str, *arguments: str) -> Outcome:
            found = re.search(pattern, run([*python, *arguments], tree, environment))
            return Outcome(int(found[1]) if found else 0)

        def mypy() -> Outcome:
            success = r"no issues found in (\d+) source files"
            if how == "unshared":
                return count(success, "-m", "mypy")
            with types_of_packages(tree, environment) as options:
                return count(success, "-m", "mypy", *options)

        steps: dict[str, Callable[[], Outcome]] = {
            "sync": sync,
            "mypy": mypy,
            "layers": lambda: count(r"Contracts: (\d+) kept, 0 broken", "-c", LAYERS, "--no-logo"),
            "tests": lambda: count(r"(\d+) passed", "-m", "pytest", "--quiet"),
            "serve": lambda: Outcome(1, serves(tree, environment)),
        }
        for name in ("sync", *(name for name in CHECKS[1:] if name in checks)):
            step = steps[name]
            started = time.perf_counter()
            try:
                outcome = step()
            except CommandError as error:
                outcome = Outcome(1, [str(error)])
            outcome.seconds = time.perf_counter() - started
            yield name, outcome
            if name == "sync" and not outcome.held:
                return
