"""What services say of modules that cannot be found a place: at import, and in plain words."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from proof.commands import users_environment
from proof.matrix import read_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROUTES = {
    "fastapi": "from fastapi import APIRouter\nrouter = APIRouter({})\n",
    "flask": "from flask import Blueprint\nblueprint = Blueprint('notes', __name__, {})\n",
}
PREFIX = {"fastapi": "prefix='/items'", "flask": "url_prefix='/items'"}


@pytest.fixture(scope="module", params=read_questions()["framework"])
def framework(request: pytest.FixtureRequest) -> str:
    """Return each framework in turn."""
    answer: str = request.param
    return answer


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path], framework: str) -> Path:
    """Return an installed service."""
    project = bake_session(
        framework=framework, auth="api_key", deploy="none", database="sqlite", ci="none"
    )
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, env=users_environment(), check=True)
    return project


@pytest.fixture
def add(project: Path) -> Iterator[Callable[[str, str], None]]:
    """Return a function that adds a module, which is removed afterwards."""
    added = []

    def write(module: str, source: str) -> None:
        path = project / "src" / "app" / module
        path.write_text(source, encoding="utf-8")
        added.append(path)

    yield write
    for path in added:
        path.unlink()


def error_at_start(project: Path) -> str:
    """Return the last line of what a service writes that must not start."""
    run = subprocess.run(
        ["uv", "run", "python", "-c", "import app.main"],
        cwd=project,
        env=users_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode, run.stdout
    return run.stderr.splitlines()[-1]


def test_a_router_needs_a_prefix(
    project: Path, framework: str, add: Callable[[str, str], None]
) -> None:
    add("api/v1/notes.py", ROUTES[framework].format(""))
    assert "app.api.v1.notes" in (error := error_at_start(project))
    assert error.endswith("needs a prefix of its own")


def test_no_two_routers_have_one_prefix(
    project: Path, framework: str, add: Callable[[str, str], None]
) -> None:
    add("api/v1/notes.py", ROUTES[framework].format(PREFIX[framework]))
    assert "app.api.v1.notes" in (error := error_at_start(project))
    assert error.endswith("needs a prefix of its own")


@pytest.mark.parametrize("module", ["api/v1/notes.py", "models/note.py", "scopes/notes.py"])
def test_an_import_that_fails_is_not_swallowed(
    project: Path, add: Callable[[str, str], None], module: str
) -> None:
    add(module, "import no_such_module\n")
    assert error_at_start(project) == "ModuleNotFoundError: No module named 'no_such_module'"


def test_a_scope_is_declared_once(project: Path, add: Callable[[str, str], None]) -> None:
    add("scopes/notes.py", "from app.scopes import declare\ndeclare('items:read')\n")
    assert error_at_start(project) == "ValueError: the scope items:read is declared twice"


def test_a_module_without_a_router_is_left_alone(
    project: Path, add: Callable[[str, str], None]
) -> None:
    add("api/v1/notes.py", "router = 'none'\nblueprint = 'none'\n")
    subprocess.run(
        ["uv", "run", "python", "-c", "import app.main"],
        cwd=project,
        env=users_environment(),
        check=True,
    )


def test_routes_may_not_query(
    project: Path, framework: str, add: Callable[[str, str], None]
) -> None:
    session = {"fastapi": "SessionDep", "flask": "get_session"}[framework]
    add(
        "api/v1/notes.py",
        "from app.models.item import Item\n"
        f"from app.api.dependencies import {session}\n"
        f"print(Item, {session})\n",
    )
    run = subprocess.run(
        ["uv", "run", "lint-imports", "--no-logo"],
        cwd=project,
        env=users_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode
    for contract in ("through its wiring only", "routes call services"):
        assert f"{contract}" in run.stdout
    assert "app.api.v1.notes -> app.models.item" in run.stdout
    assert "app.api.v1.notes -> app.api.dependencies" in run.stdout
