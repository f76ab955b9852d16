"""Deploy targets: the same questions asked of each, and of what would notice a mistake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from cookiecutter.exceptions import FailedHookException

from proof import matrix
from proof.settings import fields_of_classes, is_setting
from proof.surroundings import MissingError
from proof.targets import Deployment, Mutation, seeded, target_of
from proof.validators import VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from proof.matrix import Combination
    from proof.validators import Validator

QUESTIONS = matrix.read_questions()
DEPLOYS = matrix.choices(QUESTIONS)["deploy"]
TARGETS = [deploy for deploy in DEPLOYS if deploy != "none"]
POSSIBLE = [c for c in matrix.product(QUESTIONS) if not c.refused_because]


def first_of(**answers: str) -> Combination:
    """Return the first combination with these answers."""
    return next(c for c in POSSIBLE if answers.items() <= c.answers.items())


# A target's files depend on these answers; of the others, the first stands for all.
SAMPLES = [
    first_of(deploy=target, auth=auth, database=database)
    for target in TARGETS
    for auth in matrix.choices(QUESTIONS)["auth"]
    for database in matrix.choices(QUESTIONS)["database"]
    if any(c.answers["deploy"] == target and c.answers["database"] == database for c in POSSIBLE)
]
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda c: c.id)
each_target = pytest.mark.parametrize("target", TARGETS)

PROBES = {"/health", "/health/live", "/health/ready"}
READY = "/health/ready"
MARGIN_SECONDS = 2
EVERYBODY = re.compile(r"0\.0\.0\.0/0|::/0|\*")

HEADINGS = {
    "first deployment": r"first deployment",
    "upgrade": r"upgrade",
    "rollback": r"roll ?(ing )?back",
    "logs": r"logs",
    "secrets": r"secrets",
    "scale": r"scal(e|ing)",
}

# What belongs to development; its passwords open nothing.
FOR_DEVELOPMENT = re.compile(
    r"^(src|tests|migrations)/|^\.env(\.example)?$|^README\.md$|\.(dev|local)\.\w+$"
)
LITERAL_SECRET = re.compile(
    r"""\b(?:[A-Z_]*(?:SECRET_KEY|PASSWORD))["']?\s*[:=]\s*["']?(?P<value>[\w-]{8,})"""
    r"|://[\w.-]*:(?P<password>[\w-]+)@"
)
PLACEHOLDER = "change-me"


@pytest.fixture
def deployed(project_of: Callable[[Combination], Path]) -> Callable[[Combination], Deployment]:
    """Return a function that reads how a combination is deployed."""
    return lambda sample: target_of(sample.answers["deploy"]).deployment(project_of(sample))


# What is deployed.


@each_sample
def test_nothing_is_wrong_with_a_target(
    sample: Combination, project_of: Callable[[Combination], Path]
) -> None:
    target = target_of(sample.answers["deploy"])
    try:
        assert list(target.complaints(project_of(sample))) == []
    except MissingError as missing:
        if sys.platform == "linux":
            raise
        pytest.skip(str(missing))


@each_sample
def test_a_target_sets_what_the_service_reads(
    sample: Combination,
    project_of: Callable[[Combination], Path],
    deployed: Callable[[Combination], Deployment],
) -> None:
    package = project_of(sample) / "src" / "app"
    fields = fields_of_classes(path.read_text("utf-8") for path in package.rglob("*.py"))
    named = {*deployed(sample).settings, *deployed(sample).secrets}
    assert not [n for n in named if not is_setting(n, fields)]


@each_sample
def test_a_target_runs_the_service_as_in_production(
    sample: Combination, deployed: Callable[[Combination], Deployment]
) -> None:
    deployment = deployed(sample)
    assert deployment.settings["ENVIRONMENT"] in {"staging", "production"}
    assert deployment.serve[:2] == ["app", "serve"]
    assert deployment.migrate == ["app", "migrate"]


@each_sample
def test_a_target_believes_its_own_proxies_only(
    sample: Combination, deployed: Callable[[Combination], Deployment]
) -> None:
    trusted = deployed(sample).settings["TRUSTED_PROXIES"]
    assert trusted
    assert not EVERYBODY.search(trusted)


@each_sample
def test_a_target_gives_secrets_by_reference(
    sample: Combination, deployed: Callable[[Combination], Deployment]
) -> None:
    deployment = deployed(sample)
    if "jwt" in sample.answers["auth"]:
        assert "AUTH__SECRET_KEY" in deployment.secrets
    if sample.answers["database"] == "postgresql":
        assert deployment.secrets & {"DATABASE__PASSWORD", "DATABASE__URL"}


@each_sample
def test_no_file_of_a_target_holds_a_secret(
    sample: Combination, project_of: Callable[[Combination], Path]
) -> None:
    assert list(literal_secrets(project_of(sample))) == []


@each_sample
def test_a_target_waits_until_the_service_has_stopped(
    sample: Combination,
    project_of: Callable[[Combination], Path],
    deployed: Callable[[Combination], Deployment],
) -> None:
    settings = {**defaults(project_of(sample)), **deployed(sample).settings}
    needed = float(settings["DRAIN_SECONDS"]) + float(settings["SHUTDOWN_SECONDS"])
    assert needed + MARGIN_SECONDS <= deployed(sample).kill_seconds


@each_sample
def test_a_target_asks_whether_the_service_works(
    sample: Combination, deployed: Callable[[Combination], Deployment]
) -> None:
    deployment = deployed(sample)
    assert deployment.probes
    assert deployment.probes <= PROBES
    if deployment.instances > 1:
        assert READY in deployment.probes


@each_sample
def test_instances_share_what_they_count_and_keep(
    sample: Combination, deployed: Callable[[Combination], Deployment]
) -> None:
    deployment = deployed(sample)
    assert deployment.instances >= 1
    if deployment.instances > 1:
        storage = deployment.settings.get("RATE_LIMIT__STORAGE_URL", "")
        by_reference = "RATE_LIMIT__STORAGE_URL" in deployment.secrets
        assert by_reference or storage.startswith(("redis://", "rediss://"))
        assert sample.answers["database"] == "postgresql"


@each_sample
def test_the_page_of_a_target_tells_all_that_its_owner_does(
    sample: Combination, project_of: Callable[[Combination], Path]
) -> None:
    page = (project_of(sample) / "docs" / "deploy.md").read_text(encoding="utf-8")
    headings = "\n".join(re.findall(r"^##+ (.+)$", page, re.MULTILINE))
    missing = {n for n, words in HEADINGS.items() if not re.search(words, headings, re.IGNORECASE)}
    assert not missing


def defaults(project: Path) -> dict[str, str]:
    """Return the settings with their defaults, as the README of a project lists them."""
    readme = (project / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]+)` \|", readme, re.MULTILINE))


def literal_secrets(project: Path) -> Iterator[str]:
    """Yield the lines that hold a secret, or what stands for one where somebody may keep it."""
    for path in sorted(path for path in project.rglob("*") if path.is_file()):
        name = path.relative_to(project).as_posix()
        if FOR_DEVELOPMENT.search(name):
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            for found in LITERAL_SECRET.finditer(line):
                is_example = ".example" in name and found["value"] == PLACEHOLDER
                if not is_example:
                    yield f"{name}: {line.strip()}"


# The release command.

# What a script may use before it knows its version.
HARMLESS = {"basename", "cat", "cut", "dirname", "expr", "grep", "head", "sed", "sh", "tr", "uname"}


RECORDER = """#!/bin/sh
echo "${0##*/}" >>"$CALLED"
exit 1
"""


@pytest.fixture(scope="module")
def scripts_of(
    project_of: Callable[[Combination], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that copies a project, beside `tools`: all that its scripts could call."""

    @cache
    def prepared(deploy: str) -> Path:
        folder = tmp_path_factory.mktemp("release")
        project = shutil.copytree(project_of(first_of(deploy=deploy)), folder / "project")
        (folder / "recorder").write_text(RECORDER, encoding="utf-8")
        (folder / "recorder").chmod(0o755)
        (folder / "tools").mkdir()
        for word in set(re.findall(r"(?<![\w./-])[a-z][a-z0-9_-]+", text_of_scripts(project))):
            program = shutil.which(word) if word in HARMLESS else folder / "recorder"
            (folder / "tools" / word).symlink_to(str(program))
        return project

    return prepared


def text_of_scripts(project: Path) -> str:
    """Return all that the folder of the release command says."""
    files = (path for path in sorted((project / "deploy").rglob("*")) if path.is_file())
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.fixture
def release(
    scripts_of: Callable[[str], Path], tmp_path: Path
) -> Callable[..., tuple[int, list[str]]]:
    """Return a function that releases a version, and tells its exit code and what it called."""

    def run(deploy: str, *arguments: str) -> tuple[int, list[str]]:
        project = scripts_of(deploy)
        log = tmp_path / "called"
        log.touch()
        needed: list[str] = re.findall(r"\$\{([A-Z_]+):\?", text_of_scripts(project))
        tools = project.parent / "tools"
        places = {"PATH": str(tools), "TMPDIR": str(tmp_path), "CALLED": str(log)}
        ended = subprocess.run(
            [str(shutil.which("sh")), "deploy/release", *arguments],
            cwd=project,
            env={**dict.fromkeys(needed, "given"), **places},
            check=False,
            capture_output=True,
            timeout=60,
        )
        return ended.returncode, log.read_text(encoding="utf-8").splitlines()

    return run


posix = pytest.mark.skipif(os.name != "posix", reason="the release command is for a POSIX shell")


@posix
@each_target
@pytest.mark.parametrize("version", ["", "../x", "-x", "a b", "a;b", "v1\nv2"])
def test_a_bad_version_is_refused_before_anything_is_done(
    target: str, version: str, release: Callable[..., tuple[int, list[str]]]
) -> None:
    code, called = release(target, version)
    assert code != 0
    assert called == []


@posix
@each_target
def test_a_release_without_a_version_is_refused(
    target: str, release: Callable[..., tuple[int, list[str]]]
) -> None:
    code, called = release(target)
    assert code != 0
    assert called == []


@posix
@each_target
def test_a_release_fails_when_the_first_thing_it_calls_does(
    target: str, release: Callable[..., tuple[int, list[str]]]
) -> None:
    code, called = release(target, "v1.2.3")
    assert code != 0
    assert called


# What would notice a mistake.


@each_target
def test_a_target_says_what_its_complaints_must_notice(target: str) -> None:
    assert len(target_of(target).MUTATIONS) >= 6


@pytest.mark.parametrize(
    ("target", "mutation"),
    [
        pytest.param(target, mutation, id=f"{target}-{number}")
        for target in TARGETS
        if find_spec(f"proof.targets.{target}")
        for number, mutation in enumerate(target_of(target).MUTATIONS)
    ],
)
def test_an_error_in_a_target_is_noticed(
    target: str, mutation: Mutation, project_of: Callable[[Combination], Path], tmp_path: Path
) -> None:
    wrong = seeded(project_of(first_of(deploy=target)), tmp_path / "wrong", mutation)
    told = list(target_of(target).complaints(wrong))
    assert re.search(mutation.complaint, "\n".join(told))


@pytest.mark.parametrize(
    "mutation",
    [
        Mutation("docs/deploy.md", "# ", "AUTH__SECRET_KEY=5b1f0c3a9d7e2468\n# ", "5b1f"),
        Mutation("docs/deploy.md", "# ", "DATABASE__PASSWORD: change-me\n# ", "change-me"),
        Mutation(
            "deploy/release", "set -eu\n", "set -eu\npsql postgresql://app:5b1f@db/app\n", "5b1f"
        ),
    ],
    ids=lambda mutation: mutation.after,
)
def test_a_secret_in_a_file_is_noticed(
    mutation: Mutation, bake: Callable[..., Path], tmp_path: Path
) -> None:
    told = literal_secrets(seeded(bake(), tmp_path / "wrong", mutation))
    assert re.search(mutation.complaint, "\n".join(told))


# An error in a file that targets share, for each validator: which pipeline, where, what instead.
CI = ".github/workflows/ci.yml"
SHARED = {
    "hadolint": ("github", "Dockerfile", "WORKDIR /srv", "WORKDIR srv"),
    "image": ("github", "Dockerfile", "USER 10001:10001\n", ""),
    "yamllint": ("github", "compose.dev.yaml", "services:", "services: {}\nservices:"),
    "compose": ("github", "compose.yaml", "image:", "picture:"),
    "compose.local": ("github", "compose.local.yaml", "services:", "servces:"),
    "compose.dev": ("github", "compose.dev.yaml", "image:", "picture:"),
    "dependabot": ("github", ".github/dependabot.yml", "weekly", "now and then"),
    "workflows": ("github", CI, "runs-on:", "run-on:"),
    "zizmor": ("github", CI, "pull_request:", "pull_request_target:"),
    "gitlab": ("gitlab", ".gitlab/release.yml", "stage: release", "stage: 1"),
    "shellcheck": ("github", "deploy/release", 'cd "$(dirname "$0")/.."', "cd $(dirname $0)/.."),
    "pipeline": ("github", CI, "timeout-minutes: 10", "continue-on-error: true"),
}


@pytest.mark.parametrize("validator", VALIDATORS, ids=lambda validator: validator.name)
def test_an_error_in_a_shared_file_is_noticed(
    validator: Validator, project_of: Callable[[Combination], Path], tmp_path: Path
) -> None:
    ci, file, before, after = SHARED[validator.name]
    sound = project_of(first_of(ci=ci))
    wrong = seeded(sound, tmp_path / "wrong", Mutation(file, before, after, validator.name))
    assert validator.reads.search(file)
    assert not validator.complaints(sound, [sound / file])
    assert validator.complaints(wrong, [wrong / file])


# What people read before they choose.


@pytest.mark.parametrize("deploy", DEPLOYS)
def test_a_page_tells_of_every_answer(deploy: str) -> None:
    page = (matrix.ROOT / "docs" / "deploy" / f"{deploy}.md").read_text(encoding="utf-8")
    refused = [row for row in QUESTIONS["_impossible"] if f"deploy={deploy}" in row["if"]]
    assert not refused or "SQLite" in page


@pytest.mark.parametrize("row", QUESTIONS["_impossible"], ids=lambda row: row["if"][0])
def test_a_refusal_says_why(
    row: dict[str, Any], bake: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FailedHookException):
        bake(**dict(fact.split("=") for fact in row["if"]))
    assert row["because"] in capfd.readouterr().err


def test_the_page_of_the_decision_lists_the_refusals_and_no_others() -> None:
    (page,) = (matrix.ROOT / "docs" / "decisions").glob("*-sqlite-and-platforms.md")
    rows = re.findall(r"^\| `(.+?)` \| (yes|no) \| (.+) \|$", page.read_text("utf-8"), re.MULTILINE)
    refused = {
        row["if"][0].removeprefix("deploy="): row["because"] for row in QUESTIONS["_impossible"]
    }
    assert [deploy for deploy, _, _ in rows] == DEPLOYS
    assert {deploy: because for deploy, kept, because in rows if kept == "no"} == refused


@pytest.mark.parametrize("database", matrix.choices(QUESTIONS)["database"])
@pytest.mark.parametrize("ci", matrix.choices(QUESTIONS)["ci"])
def test_without_a_target_there_is_nothing_of_one(
    database: str, ci: str, bake: Callable[..., Path]
) -> None:
    names = {path.name for path in bake(deploy="none", database=database, ci=ci).rglob("*")}
    assert names.isdisjoint({"Dockerfile", ".dockerignore", "deploy", "deploy.md"})
