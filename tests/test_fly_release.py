"""The release command of Fly.io, run with a flyctl that only notes what it is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from proof.environments import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the command is a shell script")

# As flyctl 0.4 prints them: the addresses of an app that has both.
ADDRESSES = """[
    {
        "ID": "ip_1",
        "Address": "2a09:8280:1::af:1aa1:0",
        "Type": "v6",
        "Region": "global"
    },
    {
        "ID": "",
        "Address": "66.241.124.230",
        "Type": "shared_v4",
        "Region": ""
    }
]"""
TRUSTED = "172.16.0.0/12,2a09:8280:1::af:1aa1:0,66.241.124.230"

SECRETS = "NAME DIGEST STATUS\nAUTH__SECRET_KEY 1 Staged\nDATABASE__URL 2 Staged\n"
LIMITS = "RATE_LIMIT__STORAGE_URL 3 Staged\n"

FLYCTL = """#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
case $1 in
secrets) printf '%s' "$SECRETS" ;;
ips) printf '%s' "$ADDRESSES" ;;
deploy) exit "$DEPLOYED" ;;
esac
"""

type Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Path:
    """Return a project that is deployed to Fly.io."""
    return bake_session(deploy="fly")


@pytest.fixture(scope="module")
def installed_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give an installed copy of it, and the environment to run it in."""
    copy = shutil.copytree(project, tmp_path_factory.mktemp("installed") / "project")
    with installed(copy, "shared") as environment:
        yield copy, environment


@pytest.fixture
def release(project: Path, tmp_path: Path) -> Run:
    """Return a function that runs the command: its exit code, errors, and calls of flyctl."""
    flyctl = tmp_path / "flyctl"
    flyctl.write_text(FLYCTL, encoding="utf-8")
    flyctl.chmod(0o755)
    calls = tmp_path / "calls"

    def run(*arguments: str, **environment: str) -> tuple[int, str, list[str]]:
        calls.write_text("", encoding="utf-8")
        told = {"SECRETS": SECRETS + LIMITS, "ADDRESSES": ADDRESSES, "DEPLOYED": "0"}
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            [shutil.which("sh") or "sh", project / "deploy" / "release", *arguments],
            env={**os.environ, "PATH": path, "CALLS": str(calls), **told, **environment},
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        return ended.returncode, ended.stderr, calls.read_text(encoding="utf-8").splitlines()

    return run


def deployed(calls: list[str]) -> list[str]:
    return [call for call in calls if call.startswith("deploy")]


def test_a_release_is_labelled_and_trusts_the_apps_own_addresses(release: Run) -> None:
    code, errors, calls = release("v1.2.3")

    assert (code, errors) == (0, "")
    (call,) = deployed(calls)
    assert call.startswith("deploy --yes --signal SIGTERM --deploy-retries 0 --env ")
    assert call.endswith(f" TRUSTED_PROXIES={TRUSTED} --image-label v1.2.3")


def test_addresses_are_found_however_they_are_printed(release: Run) -> None:
    _, _, calls = release("v1", ADDRESSES=json.dumps(json.loads(ADDRESSES)))

    assert f" TRUSTED_PROXIES={TRUSTED} " in deployed(calls)[0]


def test_a_rollback_takes_the_image_as_it_is_and_does_not_migrate(release: Run) -> None:
    _, _, calls = release("--rollback", "v1.0.0")

    (call,) = deployed(calls)
    assert call.endswith(" --image registry.fly.io/my-service:v1.0.0 --skip-release-command")


def test_a_failed_release_says_so(release: Run) -> None:
    code, errors, _ = release("v1", DEPLOYED="1")

    assert code == 1
    assert "v1 was not released" in errors


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([], {}, "usage"),
        (["a b"], {}, "is not a valid image tag"),
        (["-x"], {}, "is not a valid image tag"),
        (["v1"], {"SECRETS": SECRETS}, "set the secret RATE_LIMIT__STORAGE_URL"),
        (["v1"], {"ADDRESSES": "[]"}, "allocate an IP address"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_deployed(
    release: Run, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    code, errors, calls = release(*arguments, **environment)

    assert code != 0
    assert said in errors
    assert deployed(calls) == []


@pytest.mark.parametrize("forged", ["", "6.6.6.6, ", "66.241.124.230, ", "172.16.0.1, "])
def test_behind_these_proxies_the_client_is_found_whatever_it_claims(
    installed_project: tuple[Path, dict[str, str]], release: Run, forged: str
) -> None:
    project, environment = installed_project
    _, _, calls = release("v1")
    trusted = deployed(calls)[0].partition("TRUSTED_PROXIES=")[2].split()[0]
    program = (
        "import sys; from ipaddress import ip_network; from types import SimpleNamespace as N\n"
        "from app.core.headers import client_of\n"
        "trusted, forwarded = sys.argv[1:]\n"
        "settings = N(trusted_proxies=tuple(map(ip_network, trusted.split(','))))\n"
        "print(client_of(settings, peer='172.19.4.129', scheme='http',"
        " forwarded_for=forwarded, forwarded_proto='https'))"
    )
    forwarded = f"{forged}203.0.113.9, 66.241.124.230"

    found = subprocess.run(
        ["uv", "run", "python", "-c", program, trusted, forwarded],
        cwd=project,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )

    assert found.stdout.strip() == "Client(address='203.0.113.9', https=True)"
