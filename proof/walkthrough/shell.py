"""A scratch copy of a service, in which documented commands are run as they are written."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof.machines.postgres import free_port
from proof.machines.serving import START_SECONDS, answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND_SECONDS = 300
LINES_OF_A_FAILURE = 30

RIGHT_TO_SERVE = 18000  # a port

# The address that the documents give, and the server's own line about where it serves.
DOCUMENTED = "http://127.0.0.1:8000"
SERVES = re.compile(r"http://127\.0\.0\.1:\d+")
ADDRESS_TAKEN = re.compile(r"(?<!http://)127\.0\.0\.1:8000")

# What a first run writes, and what tools leave behind.
LEFT_OUT = shutil.ignore_patterns(".venv", ".git", ".env", "*.db*", ".*_cache", ".coverage")

# The provider that the service's own tests use.
ISSUER = """
import json, sys
from tests.issuer import AUDIENCE, ISSUER
print(json.dumps([ISSUER.url, AUDIENCE, ISSUER.token()]), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    command: str
    code: int
    out: str
    err: str

    @property
    def failure(self) -> str:
        """Return the command, its exit code and the end of what it wrote."""
        lines = f"{self.out}{self.err}".splitlines()[-LINES_OF_A_FAILURE:]
        return "\n".join([f"`{self.command}` exits with {self.code}", *lines])


@dataclass
class Shell:
    """A POSIX shell in a folder, whose variables last.

    Attributes:
        folder: where commands run.
        environment: the environment of commands.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, stdin: str = "") -> Done:
        """Run a command to its end."""
        process = subprocess.Popen(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            out, err = process.communicate(stdin, COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += f"\nIt did not end within {COMMAND_SECONDS} seconds."
        return Done(command, process.returncode, out, err)

    def versions(self) -> set[Path]:
        """Return the files of the migrations."""
        return set((self.folder / "migrations" / "versions").glob("*.py"))

    def sources(self) -> dict[Path, bytes]:
        """Return the files that the service came with or that were added since."""
        ours = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in ours if not _is_by_product(path)}


def _is_by_product(path: Path) -> bool:
    return path.name == ".env" or not {"__pycache__", ".git"}.isdisjoint(path.parts)


class Server:
    """The service's server.

    Attributes:
        base: the URL that it serves, or None where it did not start.
    """

    def __init__(self, shell: Shell, command: str) -> None:
        self._shell, self._command = shell, command
        self._log = shell.folder.parent / "server.log"
        self._claim = claim()
        self.base = self._start(command) if self._claim else None
        if self.base is None and (self._claim is None or ADDRESS_TAKEN.search(self.said)):
            serve = command if " serve" in command else f"{command} serve"
            self.base = self._start(f"{serve} --port {free_port()}")

    @property
    def said(self) -> str:
        """Return the command and what it wrote."""
        return f"`{self._command}`\n{self._log.read_text('utf-8', 'replace')}"

    def _start(self, command: str) -> str | None:
        """Start it and return its URL, once it answers there."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", f"exec env {command}"],  # the signal is for uv, not for the shell
                cwd=self._shell.folder,
                env=self._shell.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if found := SERVES.search(self.said):
                alive = answers(f"{found[0]}/health/live", self._process)
                return found[0] if alive else None
            time.sleep(0.1)
        return None

    def stop(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit code."""
        self._process.terminate()
        try:
            return self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            if self._claim:
                self._claim.close()


def claim() -> socket.socket | None:
    """Return the right to serve on the documented address, or None: another walk has it.

    Two servers that start at once could both find that address free. The right is a port that
    is bound, so that it ends with its process, however that ends.
    """
    right = socket.socket()
    try:
        right.bind(("127.0.0.1", RIGHT_TO_SERVE))
    except OSError:
        right.close()
        return None
    return right


@contextmanager
def scratch(tree: Path, environment: Mapping[str, str]) -> Iterator[Shell]:
    """Yield a shell in a copy of a tree, whose environment stands in for the copy's own."""
    with TemporaryDirectory() as name:
        copy = shutil.copytree(tree, Path(name, "service"), ignore=LEFT_OUT)
        shell = Shell(copy, {**environment})
        shell.environment |= {
            "UV_NO_SYNC": "1",
            "UV_OFFLINE": "1",
            "UV_PROJECT_ENVIRONMENT": str(tree / ".venv"),
            "PYTHONPATH": str(copy / "src"),  # the installation leads to the tree's sources
        }
        yield shell


@contextmanager
def identity_provider(shell: Shell) -> Iterator[tuple[str, str, str]]:
    """Yield a provider's URL, the audience and an access token."""
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                ["uv", "run", "python", "-c", ISSUER],
                cwd=shell.folder,
                env=shell.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        )
        stack.callback(process.terminate)
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        url, audience, token = json.loads(process.stdout.readline())
        yield url, audience, token
