"""The release of AWS, run with an AWS CLI and a Docker that only note what they are told."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are shell scripts")

# What the real one prints, given the queries of the scripts.
AWS = r"""#!/bin/sh
printf 'aws %s\n' "$(printf '%s' "$*" | tr -s '\n ' ' ')" >>"$CALLS"
case "$1 $2 $*" in
*StackStatus*) echo "$STATUS" ;;
*RepositoryUri*) echo 123.dkr.ecr.eu-central-1.amazonaws.com/my-service ;;
*TaskDefinition\'*) echo arn:aws:ecs:eu-central-1:123:task-definition/my-service:7 ;;
*PrivateSubnets*) echo subnet-1,subnet-2 ;;
*AppGroup*) echo sg-1 ;;
"cloudformation deploy"*) case $* in *"--stack-name $FAILING "*) exit 1 ;; esac ;;
*batch-get-image*"imageTag=v1.2.3 "*) echo "$RELEASED" ;;
*batch-get-image*"imageTag=v1.2.3.$SOURCES "*) echo "$BUILT" ;;
*describe-images*) echo sha256:abc ;;
"ecr get-login-password"*) echo password ;;
"ecs run-task"*) echo "$STARTED" ;;
*lastStatus*) echo STOPPED ;;
*exitCode*) echo "$CODE" ;;
*stoppedReason*) echo it ended ;;
"logs get-log-events"*) echo what it logged ;;
"logs tail"*) echo what the service logged ;;
esac
"""
DOCKER = """#!/bin/sh
printf 'docker %s\\n' "$*" >>"$CALLS"
"""
TOLD = {
    "STATUS": "UPDATE_COMPLETE",
    "RELEASED": "",
    "BUILT": "",
    "STARTED": "arn:aws:ecs:eu-central-1:123:task/my-service/5b1f",
    "CODE": "0",
    "FAILING": "-",
}

COMMIT = ("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet")

type Run = Callable[..., tuple[int, str, list[str]]]


def git(project: Path, *arguments: str) -> str:
    command = [shutil.which("git") or "git", "-C", str(project), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Path:
    """Return a project that is deployed to AWS, its parameters filled in."""
    project = bake_session(deploy="aws")
    parameters = project / "deploy" / "parameters.conf"
    filled = parameters.read_text(encoding="utf-8").replace("change-me", "given")
    parameters.write_text(filled, encoding="utf-8")
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, *COMMIT, "--message", "The version")
    return project


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Run:
    """Return a function that runs a script: its exit code, what it said, and what it called."""
    for name, script in {"aws": AWS, "docker": DOCKER, "sleep": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(script, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    calls = tmp_path / "calls"
    sources = git(project, "rev-parse", "HEAD^{tree}").strip()

    def run(script: str, *arguments: str, **told: str) -> tuple[int, str, list[str]]:
        calls.write_text("", encoding="utf-8")
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            [shutil.which("sh") or "sh", project / "deploy" / script, *arguments],
            env={
                **os.environ,
                "PATH": path,
                "CALLS": str(calls),
                "SOURCES": sources,
                **TOLD,
                **told,
            },
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return ended.returncode, ended.stdout, calls.read_text(encoding="utf-8").splitlines()

    return run


def steps(calls: list[str]) -> list[str]:
    """Return what changes something, in order, by a word each."""
    words = {
        "docker build": "build",
        "docker pull": "pull",
        "docker push": "push",
        "aws cloudformation deploy --stack-name my-service-": None,
        "aws cloudformation delete-stack": "delete",
        "aws ecs run-task": "run",
    }
    return [
        word or call.removeprefix(beginning).split()[0]
        for call in calls
        for beginning, word in words.items()
        if call.startswith(beginning)
    ]


def test_a_release_migrates_once_and_before_the_new_version_serves(run: Run) -> None:
    code, said, calls = run("release", "v1.2.3")

    assert code == 0
    assert steps(calls) == ["build", "push", "push", "task", "run", "service"]
    assert "what it logged" in said
    assert said.endswith("v1.2.3 is running.\n")


def test_image_and_definition_are_named_by_what_they_are(run: Run) -> None:
    _, _, calls = run("release", "v1.2.3")

    task, service = (call for call in calls if "cloudformation deploy" in call)
    assert " CertificateArn=given " in task
    assert task.endswith(" Image=123.dkr.ecr.eu-central-1.amazonaws.com/my-service@sha256:abc")
    assert service.endswith(
        " TaskDefinition=arn:aws:ecs:eu-central-1:123:task-definition/my-service:7"
    )


def test_the_migration_is_a_task_of_the_new_definition_in_the_private_subnets(run: Run) -> None:
    _, _, calls = run("release", "v1.2.3")

    (migration,) = (call for call in calls if "run-task" in call)
    assert (
        "--task-definition arn:aws:ecs:eu-central-1:123:task-definition/my-service:7" in migration
    )
    assert (
        "{subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=DISABLED}" in migration
    )
    assert '"command": ["app","migrate"]' in migration


def test_sources_are_named_before_the_version(run: Run, project: Path) -> None:
    _, _, calls = run("release", "v1.2.3")

    repository = "docker push 123.dkr.ecr.eu-central-1.amazonaws.com/my-service"
    sources = git(project, "rev-parse", "HEAD^{tree}").strip()
    assert [call for call in calls if call.startswith("docker push")] == [
        f"{repository}:v1.2.3.{sources}",
        f"{repository}:v1.2.3",
    ]


def test_a_version_is_released_again_from_the_same_sources(run: Run) -> None:
    code, _, calls = run("release", "v1.2.3", RELEASED="sha256:abc", BUILT="sha256:abc")

    assert code == 0
    assert steps(calls) == ["task", "run", "service"]


def test_a_release_interrupted_between_the_two_names_is_completed(run: Run) -> None:
    code, _, calls = run("release", "v1.2.3", BUILT="sha256:abc")

    assert code == 0
    assert steps(calls) == ["pull", "push", "task", "run", "service"]


@pytest.mark.parametrize("built", ["", "sha256:def"])
def test_a_version_of_other_sources_is_refused(run: Run, built: str) -> None:
    code, said, calls = run("release", "v1.2.3", RELEASED="sha256:abc", BUILT=built)

    assert code == 1
    assert "v1.2.3 was released from other sources; choose another version name" in said
    assert steps(calls) == []


@pytest.mark.parametrize("name", ["pyproject.toml", "src/new.py"])
def test_sources_that_are_in_no_commit_are_refused(run: Run, project: Path, name: str) -> None:
    path = project / name
    known = path.read_bytes() if path.exists() else None
    path.write_bytes((known or b"") + b"# changed\n")
    try:
        code, said, calls = run("release", "v1.2.3")
    finally:
        if known is None:
            path.unlink()
        else:
            path.write_bytes(known)

    assert code == 2
    assert "commit all changes first" in said
    assert calls == []


def test_sources_without_a_repository_are_refused(run: Run, tmp_path: Path) -> None:
    code, _, calls = run("release", "v1.2.3", GIT_DIR=str(tmp_path))

    assert code != 0
    assert calls == []


def test_a_rollback_does_not_migrate(run: Run) -> None:
    code, _, calls = run("activate", "--no-migration", "v1.2.3")

    assert code == 0
    assert steps(calls) == ["task", "service"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"CODE": "1"}, "'app migrate' failed, exit code 1: it ended"),
        ({"CODE": "None"}, "exit code None"),
        ({"STARTED": "RESOURCE:CPU"}, "ECS did not start a task: RESOURCE:CPU"),
        ({"STARTED": ""}, "ECS did not start a task"),
    ],
)
def test_a_failed_migration_stops_the_release(run: Run, told: dict[str, str], said: str) -> None:
    code, output, calls = run("release", "v1.2.3", **told)

    assert code != 0
    assert said in output
    assert "the migration failed" in output
    assert steps(calls) == ["build", "push", "push", "task", "run"]


def test_a_version_that_does_not_get_healthy_is_told_with_its_log(run: Run) -> None:
    code, said, calls = run("release", "v1.2.3", FAILING="my-service-service")

    assert code != 0
    assert "my-service-service failed" in said
    assert any("describe-stack-events" in call for call in calls)
    assert said.endswith("Its log:\nwhat the service logged\n")


def test_a_stack_whose_creation_failed_is_made_again(run: Run) -> None:
    _, _, calls = run("stack", "network", STATUS="ROLLBACK_COMPLETE")

    assert steps(calls) == ["delete", "network"]


def test_a_stack_is_not_made_before_its_parameters_are_known(run: Run, project: Path) -> None:
    parameters = project / "deploy" / "parameters.conf"
    known = parameters.read_text(encoding="utf-8")
    parameters.write_text(known.replace("given", "change-me", 1), encoding="utf-8")
    try:
        code, said, calls = run("stack", "network")
    finally:
        parameters.write_text(known, encoding="utf-8")

    assert code != 0
    assert "fill in deploy/parameters.conf" in said
    assert calls == []


def test_words_of_a_command_reach_the_task_as_they_are(run: Run) -> None:
    _, _, calls = run("run", "sh", "-c", r'echo "a b" \ $HOME')

    (call,) = (call for call in calls if "run-task" in call)
    assert r'"command": ["sh","-c","echo \"a b\" \\ $HOME"]' in call
