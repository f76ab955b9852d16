"""What a service owes those who call it while it is stopped: whatever it took, it finishes."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import psycopg
import pytest

from proof import matrix
from proof.commands import users_environment
from proof.machines import postgres
from proof.machines.postgres import free_port
from proof.machines.serving import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")

FRAMEWORKS = matrix.choices(matrix.read_questions())["framework"]
ANSWERS = {"auth": "none", "deploy": "none", "database": "postgresql", "ci": "none"}

CLIENTS = 32
WRITES = 2000
PROBE_SECONDS = 0.25
# A process, or a client, that takes longer has stopped working.
SECONDS = 120


class Service:
    """A running service with two workers, and the items that its database holds."""

    def __init__(self, project: Path, environment: dict[str, str], database: str) -> None:
        self.port = free_port()
        self.database = database
        command = ["uv", "run", "--no-sync", "app"]
        subprocess.run([*command, "migrate"], cwd=project, env=environment, check=True)
        options = ["--workers", "2", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "serve", *options], cwd=project, env=environment, stdout=subprocess.DEVNULL
        )

    def items(self) -> set[str]:
        """Return the names of all items."""
        with psycopg.connect(self.database) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM items")}

    def stop(self) -> None:
        """Ask it to stop, as a platform does."""
        self.process.send_signal(signal.SIGTERM)

    def wait_until_closed(self) -> None:
        """Wait until it takes no more connections."""
        with suppress(ConnectionRefusedError):
            while True:
                with suppress(ConnectionResetError):  # one of the workers is closing just now
                    socket.create_connection(("127.0.0.1", self.port), SECONDS).close()
                time.sleep(0.05)


class Load:
    """Clients that write items over connections that they keep, and note what they are told.

    Attributes:
        acknowledged: the names of items that were answered with 201.
        last: how many answers said that they were the last on their connection.
        failures: what else became of a request.
        going: whether the clients send more.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged: set[str] = set()
        self.last = 0
        self.failures: list[str] = []
        self.going = True

    async def write(self, client: int) -> None:
        """Write items, one after the other."""
        while self.going:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                keep = True
                while keep and self.going:
                    keep = await self._write_one(f"{client}/{time.monotonic_ns()}", reader, writer)
                writer.close()
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failures.append(repr(error))

    async def _write_one(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Write an item; return whether the connection may be used again."""
        body = json.dumps({"name": name})
        writer.write(
            f"POST /api/v1/items HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(headers["content-length"]))
        if " 201 " in head.split("\r\n")[0]:
            self.acknowledged.add(name)
        else:
            self.failures.append(head.split("\r\n")[0])
        last = headers.get("connection") == "close"
        self.last += last
        return not last

    async def probe(self) -> None:
        """End the load when the service is not ready, as a load balancer does."""
        while self.going:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: service\r\n\r\n")
                self.going = b" 200 " in await reader.readline()
                writer.close()
            except OSError:
                self.going = False
            await asyncio.sleep(PROBE_SECONDS)

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until the clients have had enough of something."""
        while not enough():  # noqa: ASYNC110 -- an answer is no event worth a lock
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module", params=FRAMEWORKS)
def project(bake_session: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    """Return a service that anybody may call, and its dependencies installed."""
    folder = bake_session(**ANSWERS, framework=request.param)
    subprocess.run(["uv", "sync", "--quiet"], cwd=folder, env=environment(), check=True)
    return folder


def environment(**settings: str) -> dict[str, str]:
    """Return settings, in the environment that a user's shell would have."""
    return users_environment() | settings


@contextmanager
def serving(project: Path, *, drain_seconds: int) -> Iterator[Service]:
    """Run a service on a database of its own."""
    with postgres.fresh_database() as url:
        if url is None:
            pytest.skip("there is no PostgreSQL")
        settings = environment(
            ENVIRONMENT="test",
            DATABASE__URL=url,
            DRAIN_SECONDS=str(drain_seconds),
            MAX_BODY_SECONDS=str(SECONDS),
            RATE_LIMIT__ENABLED="false",
        )
        service = Service(project, settings, url)
        try:
            assert answers(f"http://127.0.0.1:{service.port}/health/ready", service.process)
            yield service
        finally:
            if service.process.poll() is None:
                service.stop()
                service.stop()
                service.process.wait(SECONDS)


def test_behind_a_load_balancer_a_stop_loses_nothing(project: Path) -> None:
    async def stop_under_load() -> None:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            for client in range(CLIENTS):
                tasks.create_task(load.write(client))
            tasks.create_task(load.probe())
            await load.until(lambda: len(load.acknowledged) >= WRITES)
            service.stop()

    with serving(project, drain_seconds=3) as service:
        load = Load(service.port)
        slow = HTTPConnection("127.0.0.1", service.port, timeout=SECONDS)
        body = begin_slow_write(slow, "slow")
        asyncio.run(stop_under_load())
        service.wait_until_closed()
        slow.send(body)
        assert slow.getresponse().status == 201
        assert service.process.wait(SECONDS) == 0
        missing = (load.acknowledged | {"slow"}) - service.items()
    print(f"{len(load.acknowledged)} writes, {len(load.failures)} failed, {len(missing)} missing")
    assert not load.failures
    assert not missing


def begin_slow_write(connection: HTTPConnection, name: str) -> bytes:
    """Send all of a request but its body, which the service waits for; return the body."""
    body = json.dumps({"name": name}).encode()
    connection.putrequest("POST", "/api/v1/items")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    assert connection.sock.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return body


def test_who_closes_connections_when_asked_loses_nothing_while_the_service_drains(
    project: Path,
) -> None:
    async def drain_under_load() -> None:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            for client in range(CLIENTS):
                tasks.create_task(load.write(client))
            await load.until(lambda: len(load.acknowledged) >= WRITES)
            service.stop()
            await load.until(lambda: load.last >= WRITES)
            load.going = False

    with serving(project, drain_seconds=SECONDS) as service:
        load = Load(service.port)
        asyncio.run(drain_under_load())
        service.stop()
        assert service.process.wait(SECONDS) == 0
        missing = load.acknowledged - service.items()
    print(f"{len(load.acknowledged)} writes, {len(load.failures)} failed, {len(missing)} missing")
    assert not load.failures
    assert not missing


def test_a_stop_that_comes_while_workers_start_is_obeyed(project: Path) -> None:
    settings = environment(ENVIRONMENT="development", DRAIN_SECONDS="0")
    command = ["uv", "run", "--no-sync", "app", "serve", "--port", "0", "--workers", "2"]
    for tenths in range(5):
        process = subprocess.Popen(
            command, cwd=project, env=settings, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert any("Serving on" in line for line in process.stdout)
        time.sleep(tenths / 10)
        process.terminate()
        process.communicate(timeout=SECONDS)  # until all are gone that may write
        assert process.returncode == 0
