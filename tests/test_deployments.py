"""The real server as each target starts it, behind a real proxy, on a real database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.commands import users_environment
from proof.machines import postgres, reverse_proxy
from proof.machines import redis as redis_server
from proof.machines.deployed import CLIENT, PROXY, SECONDS, STRANGER, observe, through_proxy
from proof.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from proof.machines.deployed import Observed
    from proof.matrix import Combination

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="ONLY LINUX CAN CALL FROM SEVERAL ADDRESSES OF ITS OWN"
)

NO_REDIS = "redis://127.0.0.1:1/0"

RUNNING = [
    c
    for c in matrix.product(matrix.read_questions())
    if c.answers.items() >= {"auth": "jwt", "database": "postgresql", "ci": "none"}.items()
    and c.answers["deploy"] != "none"
]


@pytest.fixture(scope="module")
def programs_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], Path]:
    """Return a function that installs a framework's service once, as no other file decides."""
    folder = tmp_path_factory.mktemp("environments")

    def installed(framework: str, project: Path) -> Path:
        environment = folder / framework
        if not environment.exists():
            own = {"UV_PROJECT_ENVIRONMENT": str(environment)}
            command = ["uv", "sync", "--quiet", "--locked", "--no-dev", "--no-editable"]
            subprocess.run(command, cwd=project, env=users_environment() | own, check=True)
        return environment / "bin"

    return installed


@pytest.fixture(scope="module")
def redis() -> Iterator[str | None]:
    """Give the URL of a server, if there is one; the service does without."""
    with redis_server.server() as url:
        yield url


@pytest.fixture(scope="module", params=RUNNING, ids=lambda combination: combination.id)
def observed(
    request: pytest.FixtureRequest,
    project_of: Callable[[Combination], Path],
    programs_of: Callable[[str, Path], Path],
    redis: str | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Observed]:
    """Give what was seen of a target's service."""
    answers = request.param.answers
    project = project_of(request.param)
    with postgres.fresh_database() as database:
        if database is None and "CI" in os.environ:
            pytest.fail("targets must be started where every change is checked")
        if database is None:
            pytest.skip("THERE IS NO POSTGRESQL SERVER")
        yield observe(
            project,
            programs_of(answers["framework"], project),
            target_of(answers["deploy"]).deployment(project),
            {"DATABASE__URL": database, "RATE_LIMIT__STORAGE_URL": redis or NO_REDIS},
            tmp_path_factory.mktemp("observed"),
        )


def test_the_service_gets_ready(observed: Observed) -> None:
    assert observed.ready.status == 200


def test_the_client_is_known_by_its_address(observed: Observed) -> None:
    assert observed.client_of(observed.ready) == CLIENT


def test_browsers_are_told_to_stay_with_tls(observed: Observed) -> None:
    assert "Strict-Transport-Security" in observed.ready.headers


def test_headers_of_a_stranger_are_not_believed(observed: Observed) -> None:
    assert observed.client_of(observed.past_proxy) == STRANGER
    assert "Strict-Transport-Security" not in observed.past_proxy.headers


def test_calls_are_counted_in_redis(observed: Observed, redis: str | None) -> None:
    if redis is None:
        pytest.skip("THERE IS NO REDIS SERVER")
    assert "rate_limit_storage_unavailable" not in observed.log


def test_a_service_that_drains_says_that_it_is_not_ready(observed: Observed) -> None:
    if observed.draining is not None:
        assert observed.draining.status == 503
        assert observed.draining.headers["Connection"].lower() == "close"


def test_the_service_ends_well(observed: Observed) -> None:
    assert observed.code == 0


@pytest.mark.parametrize("deploy", ["compose", "systemd"])
def test_caddy_calls_the_service_once_it_has_the_whole_body(
    deploy: str, project_of: Callable[[Combination], Path], tmp_path: Path
) -> None:
    project = project_of(next(c for c in RUNNING if c.answers["deploy"] == deploy))
    request = b"POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
    with (
        socket.create_server((PROXY, 0)) as service,
        reverse_proxy.before(
            project, f"{PROXY}:{service.getsockname()[1]}", tmp_path / "log"
        ) as port,
        through_proxy(port) as slow,
        through_proxy(port) as quick,
    ):
        service.settimeout(SECONDS)
        slow.sendall(request % b"slow" + b"{")
        quick.sendall(request % b"quick" + b"{}")
        assert first_line(service) == b"POST /quick HTTP/1.1"
        slow.sendall(b"}")
        assert first_line(service) == b"POST /slow HTTP/1.1"


def first_line(service: socket.socket) -> bytes:
    """Return how the next request begins that reaches the service."""
    connection, _ = service.accept()
    with connection:
        return connection.recv(1024).split(b"\r\n")[0]
