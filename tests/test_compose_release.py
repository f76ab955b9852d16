"""What `deploy/activate` does on a server, told to a Docker that only notes it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the command is a shell script")

# A call with the words of FAIL fails, the first time; images are those of IMAGES.
DOCKER = """#!/bin/sh
line=$(echo "$*" | sed 's/ --env-file .env.production//')
echo "$line${IMAGE_TAG:+ $IMAGE_TAG}" >>"$CALLS"
case "$1 $2" in
"image inspect") case " $IMAGES " in *" ${3#*:} "*) ;; *) exit 1 ;; esac ;;
esac
case $line in
*"$FAIL"*) if [ ! -e "$CALLS.failed" ]; then touch "$CALLS.failed"; exit 1; fi ;;
esac
"""

SECRETS = ("AUTH__SECRET_KEY", "DATABASE__PASSWORD")

UP = "compose up --detach --remove-orphans --wait"
TAGGED = ["tag my-service:current my-service:previous", "tag my-service:v2 my-service:current"]

type Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def server(bake: Callable[..., Path]) -> Path:
    """Return a project as it is on a server that has its settings."""
    project = bake(deploy="compose")
    settings = (project / ".env.production.example").read_text(encoding="utf-8")
    (project / ".env.production").write_text(settings.replace("change-me", "x.org"), "utf-8")
    (project / ".env.secrets").mkdir()
    for name in SECRETS:
        (project / ".env.secrets" / name).write_text("secret\n", encoding="utf-8")
    return project


@pytest.fixture
def activate(server: Path, tmp_path: Path) -> Run:
    """Return a function that runs the command: its exit code, errors, and calls of Docker."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER, encoding="utf-8")
    docker.chmod(0o755)
    calls = tmp_path / "calls"
    calls.touch()

    def run(*arguments: str, **environment: str) -> tuple[int, str, list[str]]:
        path = f"{docker.parent}{os.pathsep}{os.environ['PATH']}"
        told = {
            "PATH": path,
            "CALLS": str(calls),
            "IMAGES": "v2 current previous",
            "FAIL": "no call",
        }
        ended = subprocess.run(
            ["sh", server / "deploy" / "activate", *arguments],
            env={**os.environ, **told, **environment},
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        lines = calls.read_text(encoding="utf-8").splitlines()
        return ended.returncode, ended.stderr, [c for c in lines if "inspect" not in c]

    return run


def test_a_version_is_migrated_to_once_and_then_runs(activate: Run) -> None:
    code, errors, calls = activate("v2")

    assert (code, errors) == (0, "")
    assert calls[:-1] == [
        "compose run --rm migrate v2",
        *TAGGED,
        UP,
        "compose kill --signal SIGUSR1 caddy",
    ]
    assert "/health" in calls[-1]


def test_a_rollback_does_not_migrate(activate: Run) -> None:
    code, _, calls = activate("--no-migration", "v2")

    assert code == 0
    assert calls[:3] == [*TAGGED, UP]


def test_the_first_version_has_none_before_it(activate: Run) -> None:
    code, _, calls = activate("v2", IMAGES="v2")

    assert code == 0
    assert calls[1:3] == [TAGGED[1], UP]


def test_a_failed_migration_changes_nothing(activate: Run) -> None:
    code, errors, calls = activate("v2", FAIL="run --rm migrate")

    assert code == 1
    assert "the migration to v2 failed" in errors
    assert calls == ["compose run --rm migrate v2"]


def test_a_version_that_does_not_get_healthy_gives_way_to_the_one_before(activate: Run) -> None:
    code, errors, calls = activate("v2", FAIL=UP)

    assert code == 1
    assert "v2 did not become healthy" in errors
    assert "the previous version is running again" in errors
    assert calls[-3:] == [
        "compose logs --tail 30 app",
        "tag my-service:previous my-service:current",
        "compose up --detach --wait",
    ]


def test_a_version_that_is_not_ready_is_reported(activate: Run) -> None:
    code, errors, _ = activate("v2", FAIL="/health")

    assert code == 1
    assert "v2 is running, but not ready" in errors


def test_an_image_that_is_not_there_is_not_activated(activate: Run) -> None:
    code, errors, calls = activate("v3")

    assert (code, errors) == (2, "deploy/activate: there is no image my-service:v3\n")
    assert calls == []


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_named(activate: Run, server: Path, name: str) -> None:
    (server / ".env.secrets" / name).write_text("", encoding="utf-8")

    code, errors, calls = activate("v2")

    assert code == 2
    assert f".env.secrets/{name} first" in errors
    assert calls == []


def test_placeholders_are_refused(activate: Run, server: Path) -> None:
    (server / ".env.production").write_text("DOMAIN=change-me\n", encoding="utf-8")

    code, errors, calls = activate("v2")

    assert code == 2
    assert ".env.production first" in errors
    assert calls == []
