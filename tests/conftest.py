"""Projects to look at: `bake` makes one, `project_of` shares one for each combination."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from proof.generation import copy_template, generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from proof.matrix import Combination


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clean copy of the template."""
    return copy_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def template_copy(template: Path, tmp_path: Path) -> Path:
    """Return a copy of the template that a test may change."""
    return shutil.copytree(template, tmp_path / "template")


@pytest.fixture
def bake(template: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that generates a project from answers."""

    def generate_here(**answers: str) -> Path:
        return generate(template, tmp_path / "projects", answers)

    return generate_here


@pytest.fixture(scope="session")
def project_of(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Combination], Path]:
    """Return a function that generates a combination once; its project is to be read only."""
    folder = tmp_path_factory.mktemp("combinations")
    projects: dict[str, Path] = {}

    def generated(combination: Combination) -> Path:
        if combination.id not in projects:
            projects[combination.id] = generate(
                template, folder / combination.id, combination.answers
            )
        return projects[combination.id]

    return generated
