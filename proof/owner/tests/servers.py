"""Servers that tests start, each a process of its own."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.processes import APP, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server:
    """A running `app serve`, whose settings name a database of its own."""

    def __init__(
        self,
        directory: Path,
        settings: dict[str, str],
        *options: str,
        inherited: socket.socket | None = None,
    ) -> None:
        if inherited is None:
            options += ("--port", "0")
        else:
            options += ("--fd", str(inherited.fileno()))
        self.port = 0  # it is free to choose one, and says which
        self.directory = directory
        self.database = settings["DATABASE__URL"]
        self.log = directory / "server.log"
        self._log_file = self.log.open("wb")
        self.process = subprocess.Popen(  # noqa: S603
            [*APP, "serve", *options],
            cwd=directory,
            env=settings,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            pass_fds=() if inherited is None else (inherited.fileno(),),
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            log = self.log.read_text(encoding="utf-8")
            if found := re.search(r"Serving on http://127\.0\.0\.1:(\d+)", log):
                self.port = int(found[1])
                with suppress(httpx2.ConnectError):
                    report = httpx2.get(f"{self.url}/health/ready", timeout=SECONDS)
                    assert report.status_code == 200, report.text
                    return
            assert self.process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """Return the ids of its workers, which Linux lists."""
        process = self.process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii")
        return [int(worker) for worker in children.split()]

    def wait_until_closed(self) -> None:
        deadline = time.monotonic() + SECONDS
        with suppress(ConnectionRefusedError):
            while time.monotonic() < deadline:
                with suppress(ConnectionResetError):  # it is closing just now
                    socket.create_connection(("127.0.0.1", self.port)).close()
                time.sleep(0.02)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=SECONDS)
        finally:
            self.process.kill()
            self._log_file.close()


@contextmanager
def serving(
    directory: Path,
    settings: dict[str, str],
    *options: str,
    inherited: socket.socket | None = None,
) -> Iterator[Server]:
    server = Server(directory, settings, *options, inherited=inherited)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


def answer(connection: HTTPConnection) -> tuple[int, Any]:
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def has_ended(process: int) -> bool:
    """Whether a process is gone, or only waits for its parent to notice its end."""
    with suppress(FileNotFoundError, ProcessLookupError):
        status = Path(f"/proc/{process}/stat").read_text("ascii")
        return status.rpartition(")")[2].split()[0] == "Z"
    return True
