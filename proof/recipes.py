"""Carries out, to the letter, the recipes of a service's README that change its sources.

An entity is added, the example is removed, SQLite is dropped; all of the project's own checks
hold afterwards.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import TYPE_CHECKING

from proof.commands import run
from proof.documents.markdown import FENCE
from proof.outcome import Outcome, tests_passed
from proof.precommit import files_in_git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What README says before the commands of each recipe, in the order in which they are followed.
ADD = "## Add an entity"
REMOVE = "## Remove the example"
DROP_SQLITE = "To drop SQLite altogether:"
RECIPES = (ADD, REMOVE, DROP_SQLITE)

# The modules of the example entity, which the new one is made of.
EXAMPLE = re.compile(r"^(?!migrations/).*/(?:test_)?items?(?:_\w+)?\.py$")
# What has the same name and belongs to pages or dicts.
NOT_THE_ENTITY = r"""\.items\(\)|page\.items|"items":|\("items"\)|(?<=[\w)])\["items"\]|items=\["""
NAMES = re.compile(rf"({NOT_THE_ENTITY})|item|Item|ITEM")
NEW = {"item": "note", "Item": "Note", "ITEM": "NOTE"}

GATES = ("ruff check", "ruff format --check", "mypy", "lint-imports --no-logo", "pytest --quiet")


def extract(readme: str) -> dict[str, str]:
    """Return the commands of each recipe that README has, as one script."""
    found = {}
    for recipe in RECIPES:
        *_, after = readme.partition(f"\n{recipe}")
        if fence := FENCE.search(after):
            found[recipe] = dedent(fence[4])
    return found


def follow(tree: Path, environment: Mapping[str, str], scripts: Mapping[str, str]) -> Outcome:
    """Follow the recipes in a project, pass its own checks, and take it all back.

    Args:
        tree: the project, a git repository, its environment installed in `.venv`.
        environment: what commands see; PostgreSQL is that of TEST_DATABASE_URL.
        scripts: the recipes, see `extract`.

    Raises:
        CommandError: a command of a recipe or a check of the project fails.
    """
    complaints = [
        f"README.md has no commands for {recipe!r}"
        for recipe in RECIPES
        if recipe not in scripts and (recipe != DROP_SQLITE or "TEST_DATABASE_URL" in environment)
    ]
    try:
        with TemporaryDirectory() as scratch:
            url = f"sqlite:///{Path(scratch, 'app.db').as_posix()}"
            for recipe, script in scripts.items():
                settings = dict(environment) | {"DATABASE__URL": url}
                complaints += _follow(tree, settings, recipe, script)
        for gate in GATES:
            said = run(["uv", "run", *gate.split()], tree, environment)
    finally:
        run(["git", "restore", "."], tree)
        run(["git", "clean", "--force", "--quiet", "-d"], tree)
    return Outcome(tests_passed(said), complaints)


def _follow(tree: Path, environment: Mapping[str, str], recipe: str, script: str) -> Iterator[str]:
    """Follow a recipe; yield what is wrong with it."""
    if recipe == ADD:
        for name in files_in_git(tree):
            if EXAMPLE.match(name):
                copy(tree, name)
        run(["uv", "run", "app", "migrate"], tree, environment)
    if "uv remove" in script:  # the packages stay, and the registry is not asked
        environment = {n: v for n, v in environment.items() if n != "UV_NO_SYNC"}
        environment["UV_FROZEN"] = "1"
    run(["sh", "-ec", script], tree, environment)
    modified = run(["git", "ls-files", "--modified", "--deleted"], tree).splitlines()
    if recipe == ADD:
        for name in modified:
            yield f"an entity cannot be added without a change of {name}"
    elif not modified:
        yield f"{recipe!r} of README.md changes nothing"


def copy(tree: Path, name: str) -> None:
    """Copy a module of the example to one of the new entity."""
    text = (tree / name).read_text(encoding="utf-8")
    renamed = NAMES.sub(lambda found: found[1] or NEW[found[0]], text)
    (tree / name.replace("item", "note")).write_text(renamed, encoding="utf-8")
