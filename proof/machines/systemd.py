"""A machine without systemd: a folder, and programs in it, so that the real scripts run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from proof import matrix
from proof.machines import systemd_programs
from proof.machines.systemd_programs import PROGRAMS, SECONDS, Programs, wait_until
from proof.targets.systemd import units

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Machine:
    """A server for one project, whose clone is on it.

    Attributes:
        folder: all that there is of it.
        clone: the sources.
        variables: environment variables of whoever gives commands there.
    """

    folder: Path
    clone: Path
    listener: socket.socket
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def with_clone(cls, project: Path, folder: Path) -> Machine:
        """Make a machine, and give its service a free port."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        clone = folder / "clone"
        shutil.copytree(project, clone)
        machine = cls(folder, clone, listener)
        replace(units(clone)[1], "127.0.0.1:8000", f"127.0.0.1:{machine.port}")
        for place in (machine.root, machine.state, machine.tools):
            place.mkdir()
        machine.settings.parent.mkdir(parents=True)
        machine.settings.write_text("DRAIN_SECONDS=0\nWORKERS=1\n", encoding="utf-8")
        for program in PROGRAMS:
            tool = machine.tools / program
            command = shlex.join([sys.executable, "-P", "-m", systemd_programs.__name__, program])
            tool.write_text(f'#!/bin/sh\nPYTHONPATH={matrix.ROOT} exec {command} "$@"\n', "utf-8")
            tool.chmod(0o755)
        return machine

    @property
    def name(self) -> str:
        """Return what the service is called."""
        return units(self.clone)[0].stem

    @property
    def uv_version(self) -> str:
        """Return the version of uv that a release is built with."""
        install = (self.clone / "deploy" / "install").read_text(encoding="utf-8")
        found = re.search(r"^uv_version=(.+)$", install, re.MULTILINE)
        return found[1] if found else ""

    @property
    def root(self) -> Path:
        """Return what stands for the root."""
        return self.folder / "root"

    @property
    def state(self) -> Path:
        """Return where the programs keep what they know."""
        return self.folder / "state"

    @property
    def tools(self) -> Path:
        """Return where the programs are."""
        return self.folder / "tools"

    @property
    def settings(self) -> Path:
        """Return the file with the settings of the machine."""
        return self.root / "etc" / self.name / "environment"

    @property
    def opt(self) -> Path:
        """Return where the releases are."""
        return self.root / "opt" / self.name

    @property
    def port(self) -> int:
        """Return where the service listens."""
        port: int = self.listener.getsockname()[1]
        return port

    def start(self, script: str, *arguments: str | Path, **variables: str) -> Process:
        """Start one of the project's scripts."""
        return subprocess.Popen(
            ["sh", self.clone / "deploy" / script, *arguments],
            env={
                **os.environ,
                "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}",
                "MACHINE": str(self.folder),
                "MACHINE_SOCKET": str(self.listener.fileno()),
                "MACHINE_UV_VERSION": self.uv_version,
                "ROOT": str(self.root),
                **uv_of_ours(),
                **self.variables,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
            pass_fds=[self.listener.fileno()],
        )

    def run(self, script: str, *arguments: str | Path, **variables: str) -> tuple[int, str]:
        """Run one of the project's scripts; return its exit code and what it said."""
        process = self.start(script, *arguments, **variables)
        said, _ = process.communicate(timeout=SECONDS)
        return process.returncode, said

    @contextmanager
    def paused(self, script: str, *arguments: str | Path, at: str) -> Iterator[Process]:
        """Run a script until it calls a program with these words, and give its process."""
        process = self.start(script, *arguments, MACHINE_PAUSE=at)
        paused = self.state / "paused"
        wait_until(lambda: paused.exists() or process.poll() is not None)
        try:
            yield process
        finally:
            paused.unlink()

    def interrupt(self, at: str, kill: signal.Signals, script: str, *arguments: str | Path) -> str:
        """Run a script until it calls a program with these words, and send all a signal."""
        with self.paused(script, *arguments, at=at) as process:
            os.killpg(process.pid, kill)
            said, _ = process.communicate(timeout=SECONDS)
        return said

    def call(self, path: str, body: object = None) -> Any:
        """Call the service, and return its answer."""
        request = Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 -- it is our own
            return json.load(answer)

    def version(self) -> str:
        """Return the version that answers."""
        return str(self.call("/health")["version"])

    def calls(self) -> list[str]:
        """Return the calls of programs since this was asked last."""
        log = self.state / "calls"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def stop(self) -> None:
        """Stop the service."""
        Programs(self.folder).stop()
        self.listener.close()


type Process = subprocess.Popen[str]


def replace(file: Path, before: str, after: str) -> None:
    """Replace a text that is in a file.

    Raises:
        ValueError: it is not.
    """
    text = file.read_text(encoding="utf-8")
    if before not in text:
        message = f"{file} does not hold {before!r}"
        raise ValueError(message)
    file.write_text(text.replace(before, after), encoding="utf-8")


@cache
def uv_of_ours() -> dict[str, str]:
    """Return the variables for a uv that downloads nothing that is here."""
    uv = str(shutil.which("uv"))
    folder = subprocess.run([uv, "cache", "dir"], check=True, capture_output=True, text=True)
    return {
        "MACHINE_UV": uv,
        "UV_CACHE_DIR": folder.stdout.strip(),
        "UV_PYTHON": sys.executable,
    }
