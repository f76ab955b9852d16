"""The checks of a service's Python: they want its environment and its servers."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from proof import plumbing, recipes, walkthrough
from proof.commands import run
from proof.environments import installed, servers
from proof.machines.serving import serves
from proof.outcome import Outcome, counted, timed
from proof.precommit import left_behind, make_repository, run_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from proof.environments import How

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
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
)

# What is shared by itself: the checks, and what they are told. `sync` comes before each.
UNITS = {
    "python": (
        ("sync", "pre-commit", "tests", "serve", "recipes"),
        ("database", "tests", "recipes"),
    ),
    "commands": (("commands",), ("database", "documented")),
    "plumbing": (("plumbing",), ("database", "plumbing")),
}
ALL_CHECKS = tuple(check for checks, _ in UNITS.values() for check in checks)


def files_of(files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what these checks can read of a project, as pairs of path and digest."""
    return tuple(file for file in files.items() if file[0].startswith(FILES))


def prove(
    tree: Path, told: Mapping[str, Any], checks: tuple[str, ...], how: How = "shared"
) -> Iterator[tuple[str, Outcome]]:
    """Yield checks of a tree of Python and what they found.

    Args:
        tree: a folder that holds the project, or what these checks can read of it.
        told: `database`, the answer; `tests`, how many there must be; `documented`, the
            commands and settings that the project's pages name; `recipes`, those of its
            README; `plumbing`, the tests that are laid over it.
        checks: the names of the checks; `sync` is done for all of them.
        how: how much is shared with other trees.
    """
    with ExitStack() as stack:
        environment: dict[str, str] = {}

        def sync() -> Outcome:
            make_repository(tree)
            environment.update(stack.enter_context(installed(tree, how)))
            return Outcome(1)

        def tests() -> Outcome:
            with servers(told["database"]) as settings:
                output = run(["uv", "run", "pytest", "--quiet"], tree, environment | settings)
            return counted(output, told["tests"])

        def commands() -> Outcome:
            with servers(told["database"]) as settings:
                return walkthrough.run(tree, environment | settings, told["documented"])

        def of_readme() -> Outcome:
            with servers(told["database"]) as settings:
                return recipes.follow(tree, environment | settings, told["recipes"])

        def of_plumbing() -> Outcome:
            with servers(told["database"]) as settings:
                return plumbing.prove(tree, environment | settings, told, how)

        steps: dict[str, Callable[[], Outcome]] = {
            "sync": sync,
            "pre-commit": lambda: run_hooks(tree, environment),
            "tests": tests,
            "serve": lambda: Outcome(1, serves(tree, environment)),
            "recipes": of_readme,
            "commands": commands,
            "plumbing": of_plumbing,
        }
        synced = timed(sync)
        if not synced.held or "sync" in checks:
            yield "sync" if "sync" in checks else checks[0], synced
        for name in checks:
            if synced.held and name != "sync":
                yield name, timed(partial(without_traces, steps[name], tree))


def without_traces(step: Callable[[], Outcome], tree: Path) -> Outcome:
    """Take a step, and complain of what it leaves behind."""
    outcome = step()
    outcome.complaints += left_behind(tree)
    return outcome
