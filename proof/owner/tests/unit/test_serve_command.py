"""`app serve`, without its server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.commands import serve
from tests.statements import tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("scratch")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"ENVIRONMENT": "test"} | environment).invoke(main, arguments)


class Server:
    """Takes the place of the HTTP server, and notes how it was started."""

    started: dict[str, Any]
    drain_seconds: int

    def __init__(self, target: str, **options: object) -> None:
        Server.started = {"target": target, **options}
        self.url = f"http://{options['address']}:{options['port']}"
        self.hooks: list[Callable[[], object]] = []

    def on_startup(self, hook: Callable[[], object]) -> None:
        self.hooks.append(hook)

    def run(self, drain_seconds: int) -> None:
        Server.drain_seconds = drain_seconds
        for hook in self.hooks:
            hook()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    monkeypatch.setattr(serve, "Server", Server)
    return Server


def test_app_alone_serves_and_migrates_in_development(
    server: type[Server], empty_url: str
) -> None:
    result = run(ENVIRONMENT="development", DATABASE__URL=empty_url)
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:8000/docs" in result.output
    assert server.started["address"] == "127.0.0.1"
    assert server.started["port"] == 8000
    assert "items" in tables(empty_url)


def test_serve_never_migrates_elsewhere(server: type[Server], empty_url: str) -> None:
    result = run("serve", "--port", "8080", DATABASE__URL=empty_url)
    assert result.exit_code == 0, result.output
    assert server.started["port"] == 8080
    assert tables(empty_url) == set()


def test_serve_stops_as_it_is_told(server: type[Server]) -> None:
    result = run("serve", DRAIN_SECONDS="5", SHUTDOWN_SECONDS="7")
    assert result.exit_code == 0, result.output
    assert server.drain_seconds == 5
    assert server.started["shutdown_seconds"] == 7


def test_serve_takes_a_socket_instead_of_an_address(server: type[Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        fd, port = inherited.fileno(), inherited.getsockname()[1]
        result = run("serve", "--fd", str(fd))
    assert result.exit_code == 0, result.output
    assert server.started["inherited"] == fd
    assert server.started["port"] == port


@pytest.mark.parametrize("address", ["--host=127.0.0.1", "--port=8000"])
def test_serve_refuses_a_socket_and_an_address(address: str) -> None:
    result = run("serve", "--fd", "3", address)
    assert result.exit_code == 2
    assert "--fd cannot be combined with --host or --port" in result.stderr


def test_serve_refuses_what_does_not_listen(scratch: Path) -> None:
    with socket.socket() as silent, (scratch / "file").open("w") as file:
        for descriptor in (silent, file):
            result = run("serve", "--fd", str(descriptor.fileno()))
            assert result.exit_code == 2
            assert "not a listening TCP socket" in result.stderr
