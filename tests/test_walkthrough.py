"""Errors in what owners read are named, and a service without any passes."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from proof import matrix, walkthrough
from proof.environments import installed
from proof.precommit import make_repository
from proof.walkthrough.settings import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from proof.matrix import Combination
    from proof.outcome import Outcome

ANSWERS = {"framework": "flask", "auth": "none", "database": "sqlite", "deploy": "none"}


@dataclass
class Service:
    """A service with its environment installed, and the surroundings of its commands."""

    tree: Path
    environment: dict[str, str]

    def walk(self, tree: Path, keep: str = "") -> Outcome:
        """Follow a tree's documents: all commands, or those that a pattern finds."""
        told = documented(tree)
        told["commands"] = {
            document: [command for command in commands if re.search(keep, command)]
            for document, commands in told["commands"].items()
        }
        return walkthrough.run(tree, self.environment, told)


def documented(tree: Path) -> dict[str, Any]:
    names = ("README.md", "AGENTS.md")
    return walkthrough.extract({name: (tree / name).read_text("utf-8") for name in names})


@pytest.fixture(scope="module")
def service(bake_session: Callable[..., Path]) -> Iterator[Service]:
    tree = bake_session(**ANSWERS)
    make_repository(tree)
    with installed(tree, "shared") as environment:
        yield Service(tree, environment)


def test_a_service_does_what_its_documents_say(service: Service) -> None:
    before = {path for path in service.tree.rglob("*") if ".venv" not in path.parts}
    outcome = service.walk(service.tree)
    assert outcome.complaints == []
    assert outcome.executed > 25
    assert {path for path in service.tree.rglob("*") if ".venv" not in path.parts} == before


@pytest.mark.parametrize(
    ("file", "old", "new", "keep", "complaint"),
    [
        pytest.param(*seed[1:], id=seed[0])
        for seed in [
            (
                "a command that does not exist",
                "README.md",
                "`uv run app config`",
                "`uv run app settings`",
                "settings",
                r"README.md: `uv run app settings` exits with 2",
            ),
            (
                "a command nobody has said how to prove",
                "AGENTS.md",
                "uv run alembic check",
                "make check",
                "make",
                r"AGENTS.md: `make check` is not known",
            ),
            (
                "an option that does not exist",
                "AGENTS.md",
                "uv run app serve --reload ",
                "uv run app serve --watch  ",
                "--watch",
                r"AGENTS.md: `uv run app serve --watch` exits with 2",
            ),
            (
                "a folder that does not exist",
                "AGENTS.md",
                "uv run pytest tests/unit ",
                "uv run pytest tests/units ",
                "units",
                r"file or directory not found: tests/units",
            ),
            (
                "a path that does not exist",
                "README.md",
                "curl http://127.0.0.1:8000/api/v1/items",
                "curl http://127.0.0.1:8000/api/v1/item",
                "^uv run app$|curl",
                r"README.md: `curl http://127.0.0.1:8000/api/v1/item` is answered with 404",
            ),
            (
                "a wrong default",
                "README.md",
                "| `SHUTDOWN_SECONDS` | `20`",
                "| `SHUTDOWN_SECONDS` | `30`",
                "^$",
                r"README.md gives `30` as the default of SHUTDOWN_SECONDS; it is 20",
            ),
            (
                "a misspelt setting",
                "README.md",
                "| `DRAIN_SECONDS`",
                "| `DRAINING_SECONDS`",
                "^$",
                r"README.md documents DRAINING_SECONDS, which is no setting",
            ),
            (
                "a migration template that is no template",
                "migrations/script.py.mako",
                "${repr(up_revision)}",
                "${repr(up_revision}",
                "alembic revision",
                r"`uv run alembic revision .*` exits with 1",
            ),
            (
                "a migration template that is no Python",
                "migrations/script.py.mako",
                "def downgrade() -> None:",
                "def downgrade() -> None",
                "alembic revision",
                r"`uv run alembic revision .*` exits with 1",
            ),
            (
                "migrations with other names",
                "alembic.ini",
                "%%(rev)s_%%(slug)s",
                "%%(rev)s",
                "alembic revision",
                r"writes \d{8}_\d{4}.py, not yyyymmdd_HHmm_create_notes.py",
            ),
            (
                "revisions with other names",
                "migrations/env.py",
                "        process_revision_directives=finish_revision,\n",
                "",
                "alembic revision",
                r"not yyyymmdd_HHmm_create_notes.py",
            ),
        ]
    ],
)
def test_an_error_is_named(  # noqa: PLR0913, PLR0917 -- a row of the table
    service: Service,
    tmp_path: Path,
    file: str,
    old: str,
    new: str,
    keep: str,
    complaint: str,
) -> None:
    tree = shutil.copytree(service.tree, tmp_path / "service", symlinks=True)
    text = (tree / file).read_text("utf-8")
    assert old in text
    (tree / file).write_text(text.replace(old, new), "utf-8")
    complaints = service.walk(tree, keep).complaints
    assert any(re.search(complaint, line) for line in complaints), complaints


def test_services_that_differ_in_deployment_only_are_walked_through_once(
    project_of: Callable[[Combination], Path],
) -> None:
    alike = {question: answer for question, answer in ANSWERS.items() if question != "deploy"}
    same = [
        combination
        for combination in matrix.product(matrix.read_questions())
        if combination.refused_because is None and alike.items() <= combination.answers.items()
    ]
    told = [documented(project_of(combination)) for combination in same]
    assert len(told) > 3
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (["`A`", "14 days", ""], {"default": 14 * 86400}),
        (["`A`", "`3`", ""], {"default": 3.0}),
        (["`A`", "`true`", ""], {"default": True}),
        (["`A`", "`x,y`", ""], {"default": ["x", "y"]}),
        (["`A`", "the URL's", ""], {"default": None}),
        (["`A`", "none, required", "32 characters or more"], {"required": True, "min_length": 32}),
        (["`A`", "`9`", "at most 9"], {"default": 9, "le": 9}),
        (["`A`", "`x`", "or `y`"], {"default": "x", "values": ["x", "y"]}),
    ],
)
def test_defaults_are_compared_however_they_are_written(
    row: list[str], field: dict[str, Any]
) -> None:
    model = {"A": {"required": False, "default": None, "values": []} | field}
    assert list(compare([row], model)) == []
    name, _, meaning = row
    other = [name, "`other`", meaning.translate(str.maketrans("29y", "38z"))]
    assert len(list(compare([other], model))) == 1 + (meaning != "")
