"""The service as it is run: a process of its own, called over the network."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from sqlalchemy import select, text

from app.models.item import Item
from tests.databases import empty_database
from tests.environment import environment, fresh_environment
from tests.principals import credentials
from tests.processes import SECONDS, run_app
from tests.servers import Server, answer, has_ended, serving
from tests.statements import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = "/api/v1/items"
PROJECT = Path(__file__).parents[1]

needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGTERM"
)

lists_children = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc lists the workers"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server with two processes, in a fresh checkout."""
    directory = tmp_path_factory.mktemp("checkout")
    shutil.copy(PROJECT / ".env.example", directory)
    patient = {
        "DATABASE__POOL_TIMEOUT": str(SECONDS),
        "DATABASE__LOCK_TIMEOUT": str(SECONDS),
        "MAX_BODY_SECONDS": str(SECONDS),
    }
    with empty_database(directory) as url:
        settings = fresh_environment(DATABASE__URL=url, **patient)
        with serving(directory, settings, "--workers", "2") as server:
            yield server


@pytest.fixture(scope="module")
def headers(server: Server) -> dict[str, str]:
    return credentials(server.url, server.directory, server.database)


def test_several_writers_lose_nothing(server: Server, headers: dict[str, str]) -> None:
    def write(writer: int) -> list[httpx2.Response]:
        with httpx2.Client(
            base_url=server.url, headers=headers, timeout=SECONDS
        ) as client:
            made = [
                client.post(ITEMS, json={"name": f"{writer}/{number}"})
                for number in range(12)
            ]
            renamed = [
                client.patch(response.headers["location"], json={"description": "kept"})
                for response in made
            ]
        return made + renamed

    with ThreadPoolExecutor(8) as pool:
        answers = [response for part in pool.map(write, range(8)) for response in part]
    assert {response.status_code for response in answers} == {200, 201}
    acknowledged = {response.json()["name"] for response in answers}
    query = select(Item.name).where(Item.description == "kept")
    kept = [name for (name,) in execute(server.database, query)]
    assert len(kept) == len(acknowledged) == 96
    assert set(kept) == acknowledged


def test_a_body_without_a_length_is_refused_once_it_is_over_the_limit(
    server: Server, headers: dict[str, str]
) -> None:
    kind = {"Content-Type": "application/json"}
    with closing(server.connect()) as connection:
        chunks = iter([b"x" * 65_536] * 17)
        connection.request("POST", ITEMS, chunks, headers | kind, encode_chunked=True)
        status, problem = answer(connection)
    assert (status, problem["code"]) == (413, "content_too_large")


def begin_write(connection: HTTPConnection, headers: dict[str, str]) -> bytes:
    """Send all of a request but the end of its body, which is returned."""
    body = b'{"name": "slow"}'
    connection.putrequest("POST", ITEMS)
    sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    for name, value in (sent | headers).items():
        connection.putheader(name, value)
    connection.endheaders(body[:5])
    return body[5:]


def test_slow_bodies_hold_up_nobody_else(
    server: Server, headers: dict[str, str]
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(server.connect())) for _ in range(300)]
        rests = [begin_write(connection, headers) for connection in slow]
        for _ in range(20):
            live = httpx2.get(f"{server.url}/health/live", timeout=SECONDS)
            assert live.status_code == 200
        made = httpx2.post(f"{server.url}{ITEMS}", json={"name": "x"}, headers=headers)
        assert made.status_code == 201
        for connection, rest in zip(slow[:10], rests, strict=False):
            connection.send(rest)
            assert answer(connection)[0] == 201


def test_a_body_that_is_late_is_refused_and_its_connection_closed(
    tmp_path: Path, empty_url: str
) -> None:
    settings = environment(MAX_BODY_SECONDS="1", DATABASE__URL=empty_url)
    with (
        serving(tmp_path, settings) as server,
        closing(server.connect()) as sized,
        closing(server.connect()) as chunked,
    ):
        begin_write(sized, {})
        chunked.putrequest("POST", ITEMS)
        chunked.putheader("Content-Type", "application/json")
        chunked.putheader("Transfer-Encoding", "chunked")
        chunked.endheaders(b"1\r\n{\r\n")
        for connection in (sized, chunked):
            status, problem = answer(connection)
            assert (status, problem["code"]) == (408, "request_timeout")
            assert connection.sock is None  # the server said that it closes


def test_an_unforeseen_error_does_not_end_the_connection(
    server: Server, headers: dict[str, str]
) -> None:
    made = httpx2.post(f"{server.url}{ITEMS}", json={"name": "x"}, headers=headers)
    address = made.headers["location"]
    # A date that Python does not know.
    change = "UPDATE items SET created_at = '20000-01-01' WHERE name = 'x'"
    execute(server.database, text(change))
    with closing(server.connect()) as client:
        client.connect()
        before = client.sock
        client.request("GET", address, headers=headers)
        status, problem = answer(client)
        assert (status, problem["code"]) == (500, "internal_server_error")
        assert "20000" not in str(problem)
        client.request("GET", "/health/live")
        assert answer(client) == (200, {"status": "ok"})
        assert client.sock is before


def test_the_server_does_not_say_what_it_is_made_of(server: Server) -> None:
    response = httpx2.get(f"{server.url}/health/live")
    assert response.headers.get_list("server") == ["app"]
    assert "x-powered-by" not in response.headers


@needs_signals
@pytest.mark.parametrize(
    ("drain_seconds", "sent"),
    [("0", signal.SIGTERM), ("1", signal.SIGTERM), ("600", signal.SIGINT)],
    ids=["at once", "once it has drained", "at once after Ctrl-C"],
)
def test_a_request_in_progress_is_answered_before_the_server_ends(
    drain_seconds: str, sent: signal.Signals, tmp_path: Path, empty_url: str
) -> None:
    body = b'{"name": "last"}'
    settings = environment(DRAIN_SECONDS=drain_seconds, DATABASE__URL=empty_url)
    with serving(tmp_path, settings) as server:
        headers = credentials(server.url, server.directory, server.database)
        with closing(server.connect()) as connection:
            connection.putrequest("POST", ITEMS)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Expect", "100-continue")
            connection.endheaders()
            # The server waits for the body: the request is in progress.
            assert connection.sock.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
            server.process.send_signal(sent)
            server.wait_until_closed()
            connection.send(body)
            status, item = answer(connection)
        assert status == 201
        assert server.process.wait(timeout=SECONDS) == 0
    assert (item["name"],) in execute(server.database, select(Item.name))


@needs_signals
def test_workers_that_drain_serve_on_until_a_second_signal(
    tmp_path: Path, empty_url: str
) -> None:
    settings = environment(DRAIN_SECONDS="600", DATABASE__URL=empty_url)
    with serving(tmp_path, settings, "--workers", "2") as server:
        headers = credentials(server.url, server.directory, server.database)
        connections = [server.connect() for _ in range(16)]
        for connection in connections:
            connection.connect()
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS
        for connection in connections:
            status = 200
            while status == 200 and time.monotonic() < deadline:
                connection.request("GET", "/health/ready")
                status, _ = answer(connection)
            assert (status, connection.sock) == (503, None)
        made = httpx2.post(f"{server.url}{ITEMS}", json={"name": "x"}, headers=headers)
        assert made.status_code == 201
        assert server.stop() == 0


@needs_signals
def test_a_socket_that_stays_open_keeps_connections_for_the_next_server(
    tmp_path: Path,
    empty_url: str,
) -> None:
    settings = environment(DATABASE__URL=empty_url)
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        port = inherited.getsockname()[1]
        for _ in range(2):
            early = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            early.request("GET", "/health/live")
            with (
                closing(early),
                serving(
                    tmp_path, settings, "--workers", "2", inherited=inherited
                ) as server,
            ):
                assert answer(early) == (200, {"status": "ok"})
                assert server.stop() == 0


@lists_children
def test_killed_workers_are_replaced_while_new_connections_wait(
    tmp_path: Path, empty_url: str
) -> None:
    settings = environment(DATABASE__URL=empty_url)
    with serving(tmp_path, settings, "--workers", "2") as server:
        for _ in range(2):
            killed = server.workers()
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
            live = httpx2.get(f"{server.url}/health/live", timeout=SECONDS)
            assert live.status_code == 200
            assert not set(killed) & set(server.workers())
            log = server.log.read_text(encoding="utf-8")
            for worker in killed:
                assert re.search(rf"worker_ended .*exit_code=-9 .*pid={worker}", log)
        assert server.stop() == 0


@lists_children
def test_workers_of_a_killed_server_answer_what_is_in_progress_and_end(
    tmp_path: Path, empty_url: str
) -> None:
    settings = environment(DATABASE__URL=empty_url, DRAIN_SECONDS="600")
    with serving(tmp_path, settings, "--workers", "2") as server:
        headers = credentials(server.url, server.directory, server.database)
        # One that replaces another must not keep the others alive.
        os.kill(server.workers()[0], signal.SIGKILL)
        with closing(server.connect()) as connection:
            connection.putrequest("POST", ITEMS)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", "16")
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Expect", "100-continue")
            connection.endheaders()
            assert connection.sock.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
            workers = server.workers()
            server.process.kill()
            server.wait_until_closed()
            connection.send(b'{"name": "last"}')
            assert answer(connection)[0] == 201
        deadline = time.monotonic() + SECONDS
        while not all(map(has_ended, workers)):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_sources_that_cannot_be_imported_are_reported_until_they_are_mended(
    tmp_path: Path, empty_url: str
) -> None:
    for part in ("alembic.ini", "migrations", "src"):
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        copy(PROJECT / part, tmp_path / part)
    settings = environment(DATABASE__URL=empty_url, PYTHONPATH=str(tmp_path / "src"))
    with serving(tmp_path, settings, "--reload") as server:
        # One that the application imports, and one that the worker's start does.
        for source in ("api/health.py", "errors.py"):
            edited = tmp_path / "src/app" / source
            good = edited.read_text(encoding="utf-8")
            edited.write_text(f"{good}\nthis is no Python\n", encoding="utf-8")
            report = rf"(?s){re.escape(str(edited))}.*SyntaxError.*waiting_for_change"
            deadline = time.monotonic() + SECONDS
            while not re.search(report, log := server.log.read_text("utf-8")):
                assert time.monotonic() < deadline, log
                time.sleep(0.02)
            edited.write_text(good, encoding="utf-8")
            live = httpx2.get(f"{server.url}/health/live", timeout=SECONDS)
            assert live.status_code == 200
        assert server.stop() == 0


def test_a_second_server_on_the_same_address_refuses_to_start(
    server: Server, tmp_path: Path
) -> None:
    result = run_app(
        tmp_path,
        "serve",
        "--port",
        str(server.port),
        DATABASE__URL=server.database,
    )
    assert result.returncode == 1
    address = f"127.0.0.1:{server.port}"
    assert result.stderr.startswith(f"Error: Cannot listen on {address}:")
    assert list(tmp_path.iterdir()) == []


def test_production_refuses_to_start_on_defaults(tmp_path: Path) -> None:
    unsafe = {"ENVIRONMENT": "production", "DEBUG": "1", "CORS__ORIGINS": "*"}
    result = run_app(tmp_path, "serve", **unsafe)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: The service cannot start")
    for name in ("DEBUG", "CORS__ORIGINS"):
        assert f"\n{name}" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
