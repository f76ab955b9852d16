"""The service as it is run: a process of its own, called over the network."""

from __future__ import annotations

import re
import shutil
import socket
import sys
import time
from contextlib import closing, suppress
from http.client import HTTPResponse
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.environment import fresh_environment
from tests.processes import APP, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def server(tmp_path: Path, empty_url: str) -> Iterator[Popen[str]]:
    """Run `app serve` in a fresh checkout."""
    shutil.copy(PROJECT / ".env.example", tmp_path)
    settings = fresh_environment(DATABASE__URL=empty_url, DRAIN_SECONDS="600")
    with Popen(  # noqa: S603
        [*APP, "serve", "--port", "0"],
        cwd=tmp_path,
        env=settings,
        stdout=PIPE,
        stderr=STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def port_of(server: Popen[str]) -> int:
    """Return the port that the server listens on, once it says so."""
    log = ""
    while (found := re.search(r"Serving on http://127\.0\.0\.1:(\d+)", log)) is None:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line, log
        log += line
    assert "Wrote .env" in log
    return int(found[1])


def connect(server: Popen[str], port: int) -> socket.socket:
    """Connect to the server, which listens soon after it has named its port."""
    while server.poll() is None:
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), SECONDS)
        time.sleep(0.02)
    pytest.fail(f"the server has ended with {server.returncode}")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_a_fresh_checkout_starts_answers_and_drains(server: Popen[str]) -> None:
    port = port_of(server)
    with (
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS) as client,
        closing(connect(server, port)) as early,
    ):
        assert client.get("/health/ready").status_code == 200
        assert client.get("/docs").status_code == 200
        early.sendall(b"GET /health/live HTTP/1.1\r\n")
        server.terminate()
        while client.get("/health/ready").status_code == 200:
            time.sleep(0.02)
        early.sendall(b"Host: localhost\r\n\r\n")
        answer = HTTPResponse(early)
        answer.begin()
        assert answer.status == 200
        assert answer.getheader("connection") == "close"
        assert answer.read() == b'{"status":"ok"}'
    server.terminate()  # does not wait any longer
    assert server.wait(SECONDS) == 0
