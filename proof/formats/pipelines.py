"""Pipelines of projects: their steps, and checks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGES = ("check", "package", "release")
RELEASE = 'sh deploy/release "$TAG"'
# What every pipeline runs besides the release, and in which stage.
EXPECTED = {
    r"uv run pre-commit run --all-files\b": "check",
    r"uv run pytest$": "check",
    r"uvx pip-audit==\S+ .*--require-hashes": "check",
    r"docker build |uv build --wheel$": "package",
}
FOR_A_RELEASE = {"id-token": "write", "packages": "write"}
WAYS_ROUND = ("continue-on-error", "allow_failure", "always()", "when:", "|| true", "SKIP")

TAG = re.compile(r'"\$(?:VERSION|CI_COMMIT_TAG)"')
PINNED_ACTION = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v?\d+(\.\d+)+$")
PINNED_IMAGE = re.compile(r"[\w./-]+:(?!latest)[\w.-]+@sha256:[0-9a-f]{64}")
FETCHED = re.compile(r"\b(?:uvx|(?<!uv )pip install) (\S+)")
UV = re.compile(r'astral-sh/uv:([\d.]+)|\buv==([\d.]+)|setup-uv@.*\n.*\n +version: "([\d.]+)"')


@dataclass(frozen=True)
class Job:
    """A job, as far as both kinds of pipeline can say it."""

    name: str
    stage: str
    commands: list[str]  # set-up apart; `"$TAG"` is the version to release
    images: list[str]  # of the containers that it runs in, or beside
    minutes: float | None  # until it is ended
    environment: str | None
    alone: bool  # no other of its kind runs meanwhile, and none interrupts it
    after: set[str]  # the stages that have succeeded


def jobs(project: Path) -> list[Job]:
    """Return the jobs of a project's pipeline; none, if it has no pipeline."""
    return [*_github_jobs(project), *_gitlab_jobs(project)]


def steps(project: Path) -> dict[str, set[str]]:
    """Return what each stage runs."""
    found: dict[str, set[str]] = {stage: set() for stage in STAGES}
    for job in jobs(project):
        found[job.stage].update(job.commands)
    return found


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything that is wrong with a project's pipeline."""
    found = jobs(project)
    if not found:
        return
    for job in found:
        yield from _complaints_of_a_job(job)
    for pattern, stage in EXPECTED.items():
        if not any(re.match(pattern, command) for command in steps(project)[stage]):
            yield f"no job of the stage {stage} runs {pattern}"
    if bool(steps(project)["release"]) != (project / "deploy" / "release").exists():
        yield "the pipeline and deploy/release do not go together"
    text = "\n".join(path.read_text(encoding="utf-8") for path in files(project))
    yield from (f"the pipeline has a way round: {way}" for way in WAYS_ROUND if way in text)
    for fetched in FETCHED.findall(text):
        if "==" not in fetched:
            yield f"{fetched} is fetched in any version"
    yield from _complaints_of_github(project)
    yield from _complaints_of_gitlab(project)
    yield from _disagreements(project)


def _complaints_of_a_job(job: Job) -> Iterator[str]:
    if job.minutes is None:
        yield f"{job.name} may run for ever"
    for image in job.images:
        if not PINNED_IMAGE.fullmatch(image):
            yield f"{job.name} runs {image}, which is not pinned"
    if job.stage == "release":
        if job.commands != [RELEASE]:
            yield f"{job.name} runs {job.commands}, not the release command alone"
        if job.after != {"check", "package"}:
            yield f"{job.name} does not wait for the checks"
        if job.environment != "production":
            yield f"{job.name} runs in no protected environment"
        if not job.alone:
            yield f"{job.name} may run twice at once, or be interrupted"


def files(project: Path) -> list[Path]:
    """Return the files that a project's pipeline is made of."""
    patterns = (".github/workflows/*.yml", ".gitlab-ci.yml", ".gitlab/*.yml")
    return [path for pattern in patterns for path in sorted(project.glob(pattern))]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# GitHub Actions: a workflow for each stage, which the others call.


WORKFLOWS = "$/.github/workflows/"
STARTED_BY = {
    "ci.yml": {
        "pull_request": None,
        "push": {"branches": ["main"]},
        "schedule": [{"cron": "17 4 * * 1"}],
        "workflow_call": None,
    },
    "package.yml": {"workflow_call": None},
    "release.yml": {"push": {"tags": ["v*"]}},
    "tests.yml": {"workflow_call": None},
}


def _workflows(project: Path) -> dict[str, Any]:
    return {path.name: _read(path) for path in sorted(project.glob(".github/workflows/*.yml"))}


def _github_jobs(project: Path) -> Iterator[Job]:
    workflows = _workflows(project)
    for file, workflow in workflows.items():
        concurrency = workflow.get("concurrency", {})
        for name, job in workflow["jobs"].items():
            if "uses" in job:
                continue
            services = job.get("services", {}).values()
            yield Job(
                name=f"{file}: {name}",
                stage={"package.yml": "package", "release.yml": "release"}.get(file, "check"),
                commands=[_same(step["run"]) for step in job["steps"] if "run" in step],
                images=[service["image"] for service in services],
                minutes=job.get("timeout-minutes"),
                environment=job.get("environment"),
                alone="group" in concurrency and concurrency.get("cancel-in-progress") is False,
                after=_stages_before(workflow["jobs"], job, workflows),
            )


def _stages_before(siblings: dict[str, Any], job: Any, workflows: dict[str, Any]) -> set[str]:
    """Return the stages of the workflows that a job waits for."""
    waited_for = [siblings[name].get("uses", "") for name in job.get("needs", [])]
    if f"{WORKFLOWS}ci.yml" not in waited_for:
        return set()
    called = {job.get("uses") for job in workflows["ci.yml"]["jobs"].values()}
    return {"check"} | ({"package"} if f"{WORKFLOWS}package.yml" in called else set())


def _same(command: str) -> str:
    """Return a command as both kinds of pipeline would have it."""
    return TAG.sub('"$TAG"', command.strip())


def _complaints_of_github(project: Path) -> Iterator[str]:
    workflows = _workflows(project)
    called = {job.get("uses") for flow in workflows.values() for job in flow["jobs"].values()}
    for file, workflow in workflows.items():
        started_by = workflow[True]  # which YAML 1.1 takes "on" for
        if started_by != STARTED_BY[file]:
            yield f"{file} is started by {started_by}"
        if list(started_by) == ["workflow_call"] and f"{WORKFLOWS}{file}" not in called:
            yield f"{file} is never run"
        if workflow.get("permissions") != {}:
            yield f"{file} gives all its jobs permissions"
        for name, job in workflow["jobs"].items():
            releases = file == "release.yml" and "uses" not in job
            allowed = {"contents": "read"} | (FOR_A_RELEASE if releases else {})
            if not job.get("permissions", {"any": "write"}).items() <= allowed.items():
                yield f"{file}: {name} may do more than it needs"
            yield from (f"{file}: {name} {wrong}" for wrong in _wrong_steps(job))
        text = (project / ".github" / "workflows" / file).read_text(encoding="utf-8")
        for line in re.findall(r"^.*\buses: .*$", text, re.MULTILINE):
            local = line.partition("uses: $/")[2]
            if not (PINNED_ACTION.search(line) or (local and (project / local).is_file())):
                yield f"{file} does not pin what it uses: {line.strip()}"


def _wrong_steps(job: Any) -> Iterator[str]:
    tag = "${{ github.ref_name }}"
    for step in job.get("steps", []):
        if "${{" in step.get("run", ""):
            yield "makes a script of an expression"
        if step.get("env", {}).get("VERSION", tag) != tag:
            yield "releases another version than the tag's"


# GitLab CI/CD: one pipeline, whose stages wait for each other.


def _gitlab(project: Path) -> dict[str, Any]:
    """Return the pipeline with its included files, every job with what it inherits."""
    path = project / ".gitlab-ci.yml"
    if not path.exists():
        return {}
    pipeline: dict[str, Any] = _read(path)
    for included in pipeline.get("include", []):
        pipeline = _read(project / included["local"].lstrip("/")) | pipeline
    return {name: _inherited(content, pipeline) for name, content in pipeline.items()}


def _inherited(job: Any, pipeline: dict[str, Any]) -> Any:
    if not isinstance(job, dict) or "extends" not in job:
        return job
    return _inherited(pipeline[job["extends"]], pipeline) | job


def _gitlab_jobs(project: Path) -> Iterator[Job]:
    pipeline = _gitlab(project)
    default = pipeline.get("default", {})
    for name, job in pipeline.items():
        if not isinstance(job, dict) or "script" not in job or name.startswith("."):
            continue
        before = pipeline["stages"][: pipeline["stages"].index(job["stage"])]
        containers = [job.get("image", default.get("image")), *job.get("services", [])]
        minutes = re.fullmatch(r"(\d+) minutes", job.get("timeout", ""))
        interruptible = job.get("interruptible", default.get("interruptible", False))
        yield Job(
            name=name,
            stage=job["stage"],
            commands=[_same(command) for command in job["script"]],
            images=[c["name"] if isinstance(c, dict) else c for c in containers],
            minutes=float(minutes[1]) if minutes else None,
            environment=job.get("environment"),
            alone="resource_group" in job and not interruptible,
            after=set() if "needs" in job else set(before),
        )


def _complaints_of_gitlab(project: Path) -> Iterator[str]:
    pipeline = _gitlab(project)
    if not pipeline:
        return
    started_by = [rule["if"] for rule in pipeline["workflow"]["rules"]]
    if started_by != [
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        "$CI_COMMIT_TAG =~ /^v/",
    ]:
        yield f"the pipeline is started by {started_by}"
    release = pipeline.get("release")
    if release and release.get("rules") != [{"if": "$CI_COMMIT_TAG =~ /^v/"}]:
        yield f"a release is made when {release.get('rules')}"


def _disagreements(project: Path) -> Iterator[str]:
    """Yield what is pinned twice in a project, and differently."""
    paths = [path for path in sorted(project.rglob("*")) if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    versions = {version for found in UV.findall(text) for version in found if version}
    if len(versions) > 1:
        yield f"uv is pinned to {sorted(versions)}"
    images: dict[str, set[str]] = {}
    for image in PINNED_IMAGE.findall(text):
        kind = re.sub(r":[\d.]+", ":", image.partition("@")[0])
        images.setdefault(kind, set()).add(image)
    for pinned in images.values():
        if len(pinned) > 1:
            yield f"one image is pinned to {sorted(pinned)}"
    python = (project / ".python-version").read_text(encoding="utf-8").strip()
    for image in re.findall(r"\bpython:([\d.]+)-slim@", text):
        if image != python:
            yield f"an image has Python {image}, .python-version says {python}"
