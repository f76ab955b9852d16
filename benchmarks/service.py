"""Speed of a service, relative to a minimal application with the same database.

Both run on the same server, driver and PostgreSQL, with one worker, and answer in turn. The
service has accounts whose access can be revoked at once, request ids, an access log and
security headers; the other one (`benchmarks/bare`) has nothing of these.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.results import tell
from proof.commands import run, users_environment
from proof.generation import copy_template, generate
from proof.machines import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 5
REQUESTS = 2_000  # of each kind, in each round
WARM_UP = 300
CONNECTIONS = 32
SECONDS = 60
ROWS = 50
LISTED = f"/api/v1/items?size={ROWS}"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)

BARE = {
    "fastapi": ["--interface", "asgi", "fastapi_app:app"],
    "flask": ["--interface", "wsgi", "--blocking-threads", "80", "flask_app:app"],
}


@dataclass(frozen=True)
class Server:
    """Something to measure.

    Attributes:
        command: starts it; the port is still to be said.
        folder: where it is started.
        environment: its settings.
        headers: what its callers send.
    """

    command: list[str]
    folder: Path
    environment: dict[str, str]
    headers: dict[str, str]

    @contextmanager
    def running(self) -> Iterator[tuple[int, int, float]]:
        """Yield port and process, and how many seconds it took to answer for the first time."""
        port = postgres.free_port()
        started = time.perf_counter()
        process = subprocess.Popen(
            [*self.command, "--port", str(port)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while call(port, "GET", "/health/live", {}) is None:
                if process.poll() is not None or time.perf_counter() - started > SECONDS:
                    sys.exit(f"{' '.join(self.command)} did not start")
                time.sleep(0.005)
            yield port, process.pid, time.perf_counter() - started
        finally:
            process.terminate()
            process.wait()


def call(port: int, method: str, path: str, headers: dict[str, str], body: object = None) -> Any:
    """Return the answer to one request, or None if nobody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    kind = {"Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers | kind)
        return json.loads(connection.getresponse().read())
    except ConnectionError:
        return None
    finally:
        connection.close()


def message(method: str, path: str, headers: dict[str, str], body: object = None) -> bytes:
    """Return a request as it is sent."""
    content = json.dumps(body).encode() if body else b""
    sent = {"Host": "127.0.0.1", **headers}
    if body:
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*head, "", ""]).encode() + content


async def load(port: int, request: bytes, count: int) -> list[float]:
    """Send a request many times on some connections; return the seconds that each took."""
    numbers = iter(range(count))
    seconds = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in numbers:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            if length is None or not head.startswith(b"HTTP/1.1 2"):
                sys.exit(f"not a good answer: {head.decode()}")
            await reader.readexactly(int(length[1]))
            seconds.append(time.perf_counter() - started)
        writer.close()

    async with asyncio.TaskGroup() as clients:
        for _ in range(CONNECTIONS):
            clients.create_task(client())
    return seconds


def cpu_seconds(pid: int) -> float:
    """Return the CPU time so far of a process and of all that it has started."""
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def measure(server: Server, item: str) -> dict[str, dict[str, float]]:
    """Return, for each kind of request, answers in a CPU second and latencies."""
    requests = {
        "live": message("GET", "/health/live", {}),
        "get": message("GET", f"/api/v1/items/{item}", server.headers),
        "list_50": message("GET", LISTED, server.headers),
        "insert": message("POST", "/api/v1/items", server.headers, {"name": "bench"}),
    }
    found = {}
    with server.running() as (port, pid, start_seconds):
        found["start"] = {"seconds": start_seconds}
        rows = len(call(port, "GET", LISTED, server.headers)["items"])
        if rows != ROWS:
            sys.exit(f"{rows} rows instead of {ROWS}: {' '.join(server.command)}")
        for kind, request in requests.items():
            asyncio.run(load(port, request, WARM_UP))
            before = cpu_seconds(pid)
            latencies = asyncio.run(load(port, request, REQUESTS))
            cuts = statistics.quantiles(latencies, n=100)
            found[kind] = {
                "per_cpu_second": REQUESTS / (cpu_seconds(pid) - before),
                "p50_ms": cuts[49] * 1000,
                "p99_ms": cuts[98] * 1000,
            }
    return found


def servers(framework: str, folder: Path, url: str) -> tuple[Server, Server, str]:
    """Return the service, the least one, and the id of an item that both have."""
    answers = {"framework": framework, "auth": "jwt", "database": "postgresql"}
    rest = {"deploy": "none", "ci": "none"}
    project = generate(copy_template(folder / "template"), folder / "projects", answers | rest)
    environment = users_environment()
    run(["uv", "sync", "--quiet", "--locked", "--no-dev"], project, environment)
    environment |= {"ENVIRONMENT": "test", "DATABASE__URL": url, "RATE_LIMIT__ENABLED": "false"}
    run(["uv", "run", "--no-sync", "app", "migrate"], project, environment)
    binaries = project / ".venv" / "bin"
    service = Server([str(binaries / "app"), "serve"], project, environment, {})
    account = {"email": "ada@example.org", "password": "a long password for a benchmark"}
    with service.running() as (port, *_):
        user = call(port, "POST", "/api/v1/auth/register", {}, account)
        tokens = call(port, "POST", "/api/v1/auth/login", {}, account)
        service.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        for number in range(100):
            body = {"name": f"item {number}"}
            item = call(port, "POST", "/api/v1/items", service.headers, body)
    settings = environment | {"OWNER": user["id"], "DATABASE": url}
    command = [str(binaries / "granian"), "--no-ws", "--http", "1", *BARE[framework]]
    bare = Server(command, Path(__file__).parent / "bare", settings, {})
    return service, bare, item["id"]


def ratios(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, float]]:
    """Return the medians over the rounds, and of the service's share of the least one's speed."""
    found: dict[str, dict[str, float]] = {}
    (first, _), *_ = rounds
    for kind, figures in first.items():
        found[kind] = {
            figure: round(statistics.median(mine[kind][figure] for mine, _ in rounds), 3)
            for figure in figures
        }
        speed = next(iter(figures))
        shares = (mine[kind][speed] / bare[kind][speed] for mine, bare in rounds)
        found[kind]["of_bare"] = round(statistics.median(shares), 2)
    return found


def main() -> None:
    """Measure both in turn, so that a busy moment falls on both, and tell."""
    found = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        for framework in BARE:
            url = stack.enter_context(postgres.fresh_database())
            if url is None:
                sys.exit("there is no PostgreSQL")
            service, bare, item = servers(framework, folder / framework, url)
            rounds = []
            for number in range(1, ROUNDS + 1):
                print(f"{framework}: round {number} of {ROUNDS}", file=sys.stderr)
                rounds.append((measure(service, item), measure(bare, item)))
            found[framework] = ratios(rounds)
    tell("service", requests=REQUESTS, connections=CONNECTIONS, frameworks=found)


if __name__ == "__main__":
    main()
