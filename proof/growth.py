"""Adds a second entity to a service, as its owner would: with new files, and nothing else."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof.commands import run
from proof.outcome import Outcome, tests_passed
from proof.precommit import files_in_git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The modules of the example entity, which the new one is made of.
EXAMPLE = re.compile(r"^(?!migrations/).*/(?:test_)?items?(?:_\w+)?\.py$")
# What has the same name and belongs to pages or dicts.
NOT_THE_ENTITY = r"""\.items\(\)|page\.items|"items":|\("items"\)|(?<=[\w)])\["items"\]|items=\["""
NAMES = re.compile(rf"({NOT_THE_ENTITY})|item|Item|ITEM")
NEW = {"item": "note", "Item": "Note", "ITEM": "NOTE"}

# What every entity must fit in with, besides its own tests.
COMMON_TESTS = ("tests/api/test_operations.py", "tests/migrations")


def add_and_remove(tree: Path, environment: Mapping[str, str]) -> Outcome:
    """Add an entity, pass the project's own checks with it, and remove it again.

    Args:
        tree: the project, a git repository, its environment installed in `.venv`.
        environment: what commands see; PostgreSQL is that of TEST_DATABASE_URL.
    """
    with TemporaryDirectory() as scratch:
        url = f"sqlite:///{Path(scratch, 'app.db').as_posix()}"
        with added(tree, dict(environment) | {"DATABASE__URL": url}) as new:
            changed = run(["git", "diff", "--name-only"], tree).splitlines()
            gates = ["uv run ruff check", "uv run ruff format --check", "uv run mypy"]
            for gate in (*gates, "uv run lint-imports --no-logo"):
                run(gate.split(), tree, environment)
            tests = [name for name in new if Path(name).name.startswith("test_")]
            pytest = ["uv", "run", "pytest", "--quiet", "--no-cov", *tests, *COMMON_TESTS]
            passed = tests_passed(run(pytest, tree, environment))
    return Outcome(
        passed,
        [f"an entity cannot be added without a change of {name}" for name in changed],
    )


@contextmanager
def added(tree: Path, environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the files of a new entity, a migration among them; remove them afterwards."""
    new = [copied(tree, name) for name in files_in_git(tree) if EXAMPLE.match(name)]
    try:
        for command in (
            "uv run app migrate",
            "uv run alembic revision --autogenerate -m notes",
            "uv run ruff format migrations",
            "uv run ruff check --fix migrations",
        ):
            run(command.split(), tree, environment)
        untracked = run(["git", "ls-files", "-z", "--others", "--exclude-standard"], tree)
        new = untracked.split("\0")[:-1]
        yield new
    finally:
        for name in new:
            (tree / name).unlink()


def copied(tree: Path, name: str) -> str:
    """Copy a module of the example to one of the new entity; return its path."""
    path = name.replace("item", "note")
    text = (tree / name).read_text(encoding="utf-8")
    renamed = NAMES.sub(lambda found: found[1] or NEW[found[0]], text)
    (tree / path).write_text(renamed, encoding="utf-8")
    return path
