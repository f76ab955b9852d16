"""The Python of a project, and files that choose another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.interpreters import IMAGE, complaints
from proof.targets import Mutation

if TYPE_CHECKING:
    from collections.abc import Callable

CHOICES = matrix.choices(matrix.read_questions())
PYTHONS = CHOICES["python_version"]
DOCKERFILE = matrix.ROOT / "{{cookiecutter.project_slug}}/_options/container=yes/Dockerfile"

COMPOSE = {"deploy": "compose", "ci": "gitlab"}
SYSTEMD = {"deploy": "systemd", "ci": "github"}
SETUP = "      - uses: astral-sh/setup-uv"
STEP = '      - {uses: actions/setup-python@v6, with: {python-version: "3.12"}}\n'
TESTS = ".github/workflows/tests.yml"

# Errors in projects for Python 3.13.
WRONG = [
    (COMPOSE, Mutation(".python-version", "3.13", "3.99", r"^\.python-version does not say 3\.13")),
    (COMPOSE, Mutation(".python-version", "3.13", "3.13.1", r"^\.python-version does not say")),
    (COMPOSE, Mutation("Dockerfile", "python:3.13-slim", "python:3.12-slim", "^Dockerfile does")),
    (COMPOSE, Mutation("Dockerfile", "python:3.13-slim", "python:3-slim", "^Dockerfile does")),
    (COMPOSE, Mutation("Dockerfile", "FROM python:3.13-slim", "FROM ubuntu", "^Dockerfile does")),
    (COMPOSE, Mutation("Dockerfile", "local/bin/python3 ", "bin/python3.12 ", r"^Dockerfile:\d+ ")),
    (COMPOSE, Mutation("Dockerfile", "sha256:7", "sha256:8", "has 2 digests")),
    (COMPOSE, Mutation(".gitlab-ci.yml", "3.13-slim", "3.14-slim", r"^\.gitlab-ci\.yml does")),
    (COMPOSE, Mutation(".gitlab-ci.yml", "uv sync", "uv sync --python 3.14", r"^\.gitlab-ci.yml:")),
    (COMPOSE, Mutation("README.md", "# My Service\n", "Runs on Python 3.12.\n", "^README.md:1 ")),
    (SYSTEMD, Mutation(TESTS, SETUP, STEP + SETUP, r"tests.yml:\d+ names Python 3.12")),
    (SYSTEMD, Mutation(TESTS, "    steps:", "    env: {UV_PYTHON: 3.14}\n    steps:", "tests.yml")),
    (SYSTEMD, Mutation("deploy/release", ".python-version ", "", "^deploy/release ships uv.lock")),
    (SYSTEMD, Mutation("deploy/install", "python3 -m", "python3.11 -m", r"^deploy/install:\d+ ")),
    (SYSTEMD, Mutation("pyproject.toml", '">=3.12"', '">=3.13"', "project.requires-python is")),
    (SYSTEMD, Mutation("pyproject.toml", '"py312"', '"py313"', "tool.ruff.target-version is")),
    (SYSTEMD, Mutation("pyproject.toml", 'python_version = "3.12"\n', "", "tool.mypy.python_vers")),
]


@pytest.mark.parametrize("answers", [COMPOSE, SYSTEMD], ids=["compose", "systemd"])
@pytest.mark.parametrize("version", PYTHONS)
def test_all_files_choose_the_python_that_was_asked_for(
    version: str, answers: dict[str, str], texts_of: Callable[..., dict[str, str]]
) -> None:
    assert list(complaints(texts_of(python_version=version, **answers), version)) == []


def test_each_python_has_an_image_of_its_own() -> None:
    images = IMAGE.findall(DOCKERFILE.read_text(encoding="utf-8"))
    assert sorted(tag for tag, _ in images) == sorted(f"{version}-slim" for version in PYTHONS)
    assert len({digest for _, digest in images}) == len(PYTHONS)


@pytest.mark.parametrize(("answers", "mutation"), WRONG)
def test_a_file_that_chooses_another_python_is_noticed(
    answers: dict[str, str], mutation: Mutation, texts_of: Callable[..., dict[str, str]]
) -> None:
    files = dict(texts_of(**answers))
    assert mutation.before in files[mutation.file]
    files[mutation.file] = files[mutation.file].replace(mutation.before, mutation.after, 1)
    assert re.search(mutation.complaint, "\n".join(complaints(files, "3.13")), re.MULTILINE)
