"""The real server, started just as a deploy target starts it, and what is seen from outside."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from proof.machines import reverse_proxy
from proof.machines.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from proof.targets import Deployment

SECONDS = 60
PROXY = "127.0.0.1"
CLIENT = "127.0.0.3"
STRANGER = "127.0.0.4"  # calls the service itself, past the proxy
FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}

# What a target gives by reference.
SECRETS = {
    "AUTH__SECRET_KEY": "c1b2f5a98d3e47609b8a7c6d5e4f3021",
    "DATABASE__PASSWORD": "5b1f0c3a9d7e2468",
}
# What only the machine that it runs on can say.
VARIABLES = {"WORKERS": "2"}
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Answer:
    """An answer, and the id of its request."""

    status: int
    headers: Message
    request_id: str


@dataclass(frozen=True)
class Observed:
    """What was seen of a service, from its start to its end.

    Attributes:
        ready: what a client of the proxy got who forged headers.
        past_proxy: what one got who called the service itself with the same headers.
        draining: what was got after SIGTERM, while the service should still answer.
        code: its exit code.
        log: all that it logged.
    """

    ready: Answer
    past_proxy: Answer
    draining: Answer | None
    code: int
    log: str

    def client_of(self, answer: Answer) -> str:
        """Return the address that the service took for that of the client."""
        lines = (json.loads(line) for line in self.log.splitlines() if line.startswith("{"))
        return next(str(e["client"]) for e in lines if e.get("request_id") == answer.request_id)


def observe(
    project: Path, programs: Path, deployment: Deployment, servers: Mapping[str, str], scratch: Path
) -> Observed:
    """Run a service as its target does, and look at it.

    Args:
        project: the finished project.
        programs: the folder with `app`.
        deployment: how the target runs it.
        servers: real URLs, by setting.
        scratch: an empty folder.
    """
    folder = scratch / "release"
    folder.mkdir()
    shutil.copy(project / "alembic.ini", folder)
    shutil.copytree(project / "migrations", folder / "migrations")
    environment = {"PATH": os.fspath(programs), **settings_of(deployment, servers, scratch)}
    subprocess.run(filled(deployment.migrate), cwd=folder, env=environment, check=True)
    with ExitStack() as stack:
        log = stack.enter_context((scratch / "log").open("wb"))
        command, inherited, port = listening(filled(deployment.serve))
        fds = [inherited.fileno()] if inherited else []
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, pass_fds=fds
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        if inherited:
            inherited.close()
        proxy = stack.enter_context(
            reverse_proxy.before(project, f"{PROXY}:{port}", scratch / "proxy.log")
        )
        ready = ask_until(200, proxy, CLIENT, process, tls=True)
        past_proxy = ask(port, STRANGER)
        process.send_signal(signal.SIGTERM)
        draining = None
        if float(environment.get("DRAIN_SECONDS", 0)):
            draining = ask_until(503, port, PROXY, process)
            process.send_signal(signal.SIGTERM)  # there is no need to wait
        code = process.wait(SECONDS)
    text = (scratch / "log").read_text(encoding="utf-8")
    return Observed(ready, past_proxy, draining, code, text)


def settings_of(
    deployment: Deployment, servers: Mapping[str, str], scratch: Path
) -> dict[str, str]:
    """Return the target's environment, with addresses of this machine and real secrets."""
    settings = {name: replaced(value) for name, value in deployment.settings.items()}
    settings["TRUSTED_PROXIES"] += f",{PROXY}"
    known = {**SECRETS, **servers}
    if "DATABASE__PASSWORD" not in deployment.secrets:
        known["DATABASE__URL"] = with_password(known["DATABASE__URL"])
    settings |= {name: known[name] for name in servers if name in settings}
    secrets = {name: known[name] for name in deployment.secrets}
    if "SECRETS_DIRECTORY" not in settings:
        return settings | secrets
    folder = scratch / "secrets"
    folder.mkdir(mode=0o700)
    for name, value in secrets.items():
        (folder / name).write_text(f"{value}\n", encoding="utf-8")
    return settings | {"SECRETS_DIRECTORY": os.fspath(folder)}


def with_password(url: str) -> str:
    """Return a URL with a password, which a server that trusts us does not look at."""
    parts = urlsplit(url)
    if parts.password:
        return url
    user, host = parts.netloc.split("@")
    return parts._replace(netloc=f"{user}:{SECRETS['DATABASE__PASSWORD']}@{host}").geturl()


def filled(command: list[str]) -> list[str]:
    """Return a command with the values of its variables."""
    return [replaced(word) for word in command]


def replaced(text: str) -> str:
    """Return a text with the values of its variables, as Compose and systemd write them."""
    return VARIABLE.sub(lambda found: VARIABLES.get(found[1]) or found[2] or "", text)


def listening(command: list[str]) -> tuple[list[str], socket.socket | None, int]:
    """Return the command to listen on a free port, its socket if it inherits one, and the port."""
    if "--fd" in command:
        inherited = socket.create_server((PROXY, 0))
        place = command.index("--fd") + 1
        given = [*command[:place], str(inherited.fileno()), *command[place + 1 :]]
        return given, inherited, inherited.getsockname()[1]
    port = free_port()
    return [*command, "--port", str(port)], None, port


def ask(port: int, source: str, *, tls: bool = False) -> Answer:
    """Ask whether the service is ready, with forged headers, from an address of this machine."""
    request_id = uuid4().hex
    connection = HTTPConnection("localhost", port, timeout=SECONDS)
    connection.sock = connected(port, source, tls=tls)
    try:
        headers = {**FORGED, "X-Request-ID": request_id}
        connection.request("GET", "/health/ready", headers=headers)
        response = connection.getresponse()
        response.read()
        return Answer(response.status, response.headers, request_id)
    finally:
        connection.close()


def connected(port: int, source: str, *, tls: bool) -> socket.socket:
    """Return a connection to a port of this machine."""
    plain = socket.create_connection((PROXY, port), SECONDS, source_address=(source, 0))
    if not tls:
        return plain
    # Its certificate is its own, for this one test.
    context = ssl._create_unverified_context()  # noqa: S323, SLF001
    return context.wrap_socket(plain, server_hostname="localhost")


def through_proxy(port: int) -> socket.socket:
    """Return a connection to a proxy, which may be starting.

    Raises:
        OSError: it does not listen, or has no certificate.
    """
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return connected(port, CLIENT, tls=True)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def ask_until(
    status: int, port: int, source: str, process: subprocess.Popen[bytes], *, tls: bool = False
) -> Answer:
    """Ask until the answer has a status; the last answer, when the process or time has ended."""
    deadline = time.monotonic() + SECONDS
    answer = Answer(0, Message(), "")
    while answer.status != status and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            answer = ask(port, source, tls=tls)
        except OSError:
            continue  # nobody listens yet
    return answer
