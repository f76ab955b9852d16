"""What the proof finds on a machine, and what it does where something is missing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from proof import matrix, surroundings
from proof.commands import CommandError, run, users_environment
from proof.machines import postgres, redis, servers
from proof.surroundings import MissingError, wrong_or_missing
from proof.targets import systemd
from proof.validators import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

posix = pytest.mark.skipif(os.name != "posix", reason="no package brings a Redis for Windows")

PATIENCE = 30  # seconds

# They hold a server until they are killed.
HOLDERS = {
    "postgresql": """
from proof.machines.postgres import started
with started() as url:
    print(url, flush=True)
    input()
""",
    "redis": """
from proof.machines.redis import installed_binary, packaged_binary, started, url
with started(installed_binary() or packaged_binary()) as port:
    print(url(port), flush=True)
    input()
""",
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the servers of this machine, those that run and their programs."""
    for name in ("POSTGRES_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    port = postgres.free_port()
    monkeypatch.setattr(postgres, "LOCAL_URL", f"postgresql://postgres@127.0.0.1:{port}/postgres")
    monkeypatch.setattr(postgres, "installed_binaries", lambda: None)
    monkeypatch.setattr(redis, "DEFAULT_PORT", port)
    monkeypatch.setattr(redis, "installed_binary", lambda: None)


@pytest.fixture
def found() -> Iterator[Callable[[], dict[str, str]]]:
    """Return what finds the surroundings, and forgets those of this test afterwards."""
    surroundings.found.cache_clear()
    yield surroundings.found
    surroundings.found.cache_clear()


def listens(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as asked:
        return asked.connect_ex((parts.hostname, parts.port)) == 0


# Servers.


@pytest.mark.usefixtures("bare")
def test_a_machine_without_postgresql_gets_a_server_from_a_package() -> None:
    with postgres.fresh_database() as url:
        assert url is not None
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert not listens(url)


@posix
@pytest.mark.usefixtures("bare")
def test_a_machine_without_redis_gets_a_server_from_a_package() -> None:
    with redis.server() as url:
        assert url is not None
        assert redis.version(url).startswith("valkey ")
    assert not listens(url)


@pytest.mark.skipif(
    postgres.unprivileged_user() is None, reason="only root starts the server as somebody else"
)
@pytest.mark.usefixtures("bare")
def test_root_gets_a_server_from_a_package_that_nobody_else_may_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(servers, "FOLDER", tmp_path / "closed")
    (tmp_path / "closed").mkdir(mode=0o700)
    with postgres.started() as url:
        assert url is not None


@posix
def test_a_package_is_installed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = servers.package(redis.PACKAGE)
    monkeypatch.setattr(subprocess, "run", pytest.fail)
    assert servers.package(redis.PACKAGE) == first


@pytest.mark.usefixtures("bare")
def test_without_a_package_there_is_no_server_and_this_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(servers, "FOLDER", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", os.fspath(tmp_path / "cache"))
    with postgres.server() as database, redis.server() as counts:
        assert (database, counts) == (None, None)
    told = capsys.readouterr().err
    assert "NO POSTGRESQL SERVER" in told
    assert "NO REDIS SERVER" in told
    assert list((tmp_path / "servers").iterdir()) == []


@posix
@pytest.mark.parametrize("name", HOLDERS)
def test_a_server_ends_with_the_process_that_wanted_it_even_if_that_is_killed(name: str) -> None:
    command = [sys.executable, "-c", HOLDERS[name]]
    with subprocess.Popen(
        command, cwd=matrix.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        url = holder.stdout.readline().strip()
        assert listens(url)
        holder.kill()
    deadline = time.monotonic() + PATIENCE
    while listens(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not listens(url)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room')"]
    with (
        pytest.raises(RuntimeError, match="no room"),
        servers.running(command, tmp_path, lambda: False),
    ):
        pytest.fail("it does not run")


# Surroundings.


@pytest.mark.usefixtures("bare")
def test_what_is_found_names_the_versions_of_servers_and_tools(
    found: Callable[[], dict[str, str]],
) -> None:
    asked = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert found()[asked].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert found()["git"].startswith("git version ")
    assert found()["postgresql"].partition(".")[0].isdecimal()
    assert surroundings.missing(["git", "postgresql", "no such thing"]) == ["no such thing"]


def test_a_url_where_nobody_answers_is_an_error_and_not_a_machine_without_servers(
    found: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis.url(postgres.free_port()))
    with pytest.raises(ConnectionRefusedError):
        found()


def test_a_unit_that_systemd_has_not_seen_is_not_sound(
    bake: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = bake(deploy="systemd")
    monkeypatch.setattr(systemd, "_systemd_version", lambda: 0)
    with pytest.raises(MissingError, match="systemd-analyze is not here"):
        list(systemd.complaints(project))


def test_what_is_wrong_outranks_what_is_missing() -> None:
    def complaints() -> Iterator[str]:
        yield "wrong"
        raise MissingError(name="caddy", remedy="")

    assert list(wrong_or_missing(complaints())) == ["wrong"]


# Environments.


@pytest.mark.parametrize(
    "name",
    [
        "AUTH__SECRET_KEY",
        "CI",
        "COVERAGE_PROCESS_START",
        "DATABASE__URL",
        "ENVIRONMENT",
        "GITHUB_ACTIONS",
        "GIT_DIR",
        "MYPYPATH",
        "POSTGRES_URL",
        "PYTEST_ADDOPTS",
        "PYTHONPATH",
        "PYTHONWARNINGS",
        "RUFF_NO_CACHE",
        "UV_EXCLUDE_NEWER",
        "UV_FROZEN",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "VIRTUAL_ENV",
    ],
)
def test_what_could_change_a_result_reaches_no_command(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, "anything")
    show = [sys.executable, "-c", f"import os; print(os.environ.get({name!r}))"]
    assert run(show, tmp_path) == "None\n"
    assert run(show, tmp_path, users_environment()) == "None\n"


@pytest.mark.parametrize(
    "name", ["HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "UV_CACHE_DIR", "UV_INDEX_MY_USERNAME"]
)
def test_what_leads_to_packages_reaches_every_command(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "anything")
    assert users_environment()[name] == "anything"


def test_our_tools_are_found_where_nothing_is_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert said(["ruff", "--version"], tmp_path) == []


def test_an_empty_environment_is_not_replaced(tmp_path: Path) -> None:
    show = [sys.executable, "-c", "import os, sys; sys.exit('HOME' in os.environ)"]
    run(show, tmp_path, {})
    with pytest.raises(CommandError):
        run(show, tmp_path, {"HOME": os.fspath(tmp_path)})
