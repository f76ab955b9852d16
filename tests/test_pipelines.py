"""Both kinds of pipeline do the same, and do it safely, for every kind of project."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.formats import pipelines
from proof.matrix import Combination
from proof.targets import Mutation
from proof.validators import refused_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUESTIONS = matrix.read_questions()
OPTIONS = matrix.ROOT / "{{cookiecutter.project_slug}}" / "_options"

# What a pipeline may depend on, besides the texts in it.
DECIDE = {"ci", "deploy", "database", "python_version", "__container", "__release"}
KINDS = [
    combination
    for combination in matrix.product(
        QUESTIONS | {"framework": ["fastapi"], "auth": ["none"], "ci": ["none"]}
    )
    if not combination.refused_because
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
every_pipeline = pytest.mark.parametrize("ci", ["github", "gitlab"])


def with_pipeline(kind: Combination, ci: str) -> Combination:
    """Return the combination that differs from another one in its pipeline."""
    return Combination(kind.answers | {"ci": ci})


@every_kind
def test_both_pipelines_take_the_same_steps(
    project_of: Callable[[Combination], Path], kind: Combination
) -> None:
    github, gitlab = (
        pipelines.steps(project_of(with_pipeline(kind, ci))) for ci in ("github", "gitlab")
    )
    assert github == gitlab
    assert github["check"]
    assert github["package"]
    assert bool(github["release"]) == (kind.answers["deploy"] != "none")


@every_pipeline
@every_kind
def test_nothing_is_wrong_with_a_pipeline(
    project_of: Callable[[Combination], Path], kind: Combination, ci: str
) -> None:
    assert not list(pipelines.complaints(project_of(with_pipeline(kind, ci))))


def test_no_other_question_decides_what_a_pipeline_does() -> None:
    folders = [folder for folder in OPTIONS.iterdir() if folder.name.startswith("ci=")]
    assert folders
    for folder in folders:
        conditions = {fact.partition("=")[0] for fact in folder.name.split(",")}
        assert conditions <= {name.removeprefix("__") for name in DECIDE}
        for path in folder.rglob("*"):
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            for statement in re.findall(r"^ *#% (?:el)?if (.+)", text, re.MULTILINE):
                assert set(re.findall(r"cookiecutter\.(\w+)", statement)) <= DECIDE, path


@every_kind
def test_a_project_without_a_pipeline_has_no_files_of_one(
    project_of: Callable[[Combination], Path], kind: Combination
) -> None:
    assert not list(project_of(kind).glob(".git[hl]*"))


@pytest.mark.parametrize("version", QUESTIONS["python_version"])
def test_jobs_run_the_python_of_the_image(bake: Callable[..., Path], version: str) -> None:
    project = bake(deploy="compose", ci="gitlab", python_version=version)
    assert not list(pipelines.complaints(project))
    images = {image for job in pipelines.jobs(project) for image in job.images}
    (image,) = (image for image in images if image.startswith("python:"))
    assert f"FROM {image} AS python\n" in (project / "Dockerfile").read_text(encoding="utf-8")


CI, TESTS, PACKAGE, RELEASE = (
    f".github/workflows/{name}.yml" for name in ("ci", "tests", "package", "release")
)
PIPELINE, GITLAB_RELEASE = ".gitlab-ci.yml", ".gitlab/release.yml"
PRE_COMMIT = "uv run pre-commit run --all-files"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
DEFAULT_BRANCH = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"

COMPOSE = next(kind for kind in KINDS if kind.answers["deploy"] == "compose")
ERRORS = [
    ("github", Mutation(CI, PRE_COMMIT, "uv run ruff check", "no job .* runs uv run pre-commit")),
    ("github", Mutation(CI, "runs-on:", "run-on:", "check-jsonschema refuses")),
    ("github", Mutation(CI, PRE_COMMIT, "echo ${{ github.head_ref }}", "zizmor refuses")),
    ("github", Mutation(CI, "  schedule:", "  workflow_dispatch:", "ci.yml is started by")),
    ("github", Mutation(CI, "/tests.yml", "/package.yml", "tests.yml is never run")),
    ("github", Mutation(CI, "contents: read", "contents: write", "more than it needs")),
    ("github", Mutation(CI, 'version: "0.12.24"', 'version: "0.12.23"', "uv is pinned to")),
    ("github", Mutation(TESTS, CHECKOUT, "actions/checkout@v7", "does not pin")),
    ("github", Mutation(TESTS, "sha256:4ef4", "sha256:4ef5", "one image is pinned to")),
    ("github", Mutation(PACKAGE, "timeout-minutes: 15", "name: Image", "for ever")),
    ("github", Mutation(PACKAGE, "--cap-drop ALL ", "", "not the same steps")),
    ("github", Mutation(RELEASE, "needs: [ci]", "needs: []", "does not wait for the checks")),
    ("github", Mutation(RELEASE, "needs: [ci]", "needs: [ci]\n    if: always()", "way round")),
    ("github", Mutation(RELEASE, "environment: production", "", "no protected environment")),
    ("github", Mutation(RELEASE, "progress: false", "progress: true", "be interrupted")),
    ("github", Mutation(RELEASE, '"$VERSION"', '"${{ github.ref_name }}"', "of an expression")),
    ("github", Mutation(RELEASE, "github.ref_name", "github.sha", "another version")),
    ("gitlab", Mutation(PIPELINE, "    - uv run pytest\n", "", "not the same steps")),
    ("gitlab", Mutation(PIPELINE, f"- {PRE_COMMIT}", f"- SKIP=mypy {PRE_COMMIT}", "way round")),
    ("gitlab", Mutation(PIPELINE, "checks:", "checks:\n  allow_failure: true", "way round")),
    ("gitlab", Mutation(PIPELINE, "uvx pip-audit==2.10.1", "uvx pip-audit", "in any version")),
    ("gitlab", Mutation(PIPELINE, "-dind@sha256:", "-dind #", "not pinned")),
    ("gitlab", Mutation(PIPELINE, "postgres:18.6@", "postgres:latest@", "not pinned")),
    ("gitlab", Mutation(PIPELINE, "checks:", "checks:\n  extends: .uv", "yamllint")),
    ("gitlab", Mutation(PIPELINE, "checks:", "checks:\n  skip: 1", "check-jsonschema refuses")),
    ("gitlab", Mutation(PIPELINE, DEFAULT_BRANCH, "$CI_COMMIT_BRANCH", "is started by")),
    ("gitlab", Mutation(GITLAB_RELEASE, "timeout: 30 minutes", "retry: 1", "for ever")),
    ("gitlab", Mutation(GITLAB_RELEASE, "interruptible: false", "needs: []", "does not wait")),
    ("gitlab", Mutation(GITLAB_RELEASE, "resource_group: production", "", "twice at once")),
    ("gitlab", Mutation(GITLAB_RELEASE, "$CI_COMMIT_TAG =~ /^v/", "$CI", "a release is made when")),
]


@pytest.mark.parametrize(("ci", "error"), ERRORS, ids=lambda given: getattr(given, "after", given))
def test_an_error_in_a_pipeline_is_found(
    project_of: Callable[[Combination], Path], tmp_path: Path, ci: str, error: Mutation
) -> None:
    project = shutil.copytree(project_of(with_pipeline(COMPOSE, ci)), tmp_path / "project")
    steps = pipelines.steps(project)
    path = project / error.file
    text = path.read_text(encoding="utf-8")
    assert error.before in text
    path.write_text(text.replace(error.before, error.after, 1), encoding="utf-8")
    if re.search("yamllint|refuses", error.complaint):
        found = list(refused_by(project, COMPOSE.answers))
    else:
        found = list(pipelines.complaints(project))
        if pipelines.steps(project) != steps:
            found.append("not the same steps")
    assert [line for line in found if re.search(error.complaint, line)], found
