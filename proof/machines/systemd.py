"""A machine without systemd: what stands for its programs, so that the real scripts run.

`systemctl` starts and stops the real server as its unit says, on a socket that outlives it;
`systemd-run` runs a program as its properties say. Paths of the unit are those of a folder that
stands for the root. Users, rights and limits are left out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from proof import matrix
from proof.targets.systemd import one, read, units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from proof.targets.systemd import Unit

PROGRAMS = ("id", "journalctl", "runuser", "ssh", "systemctl", "systemd-run", "useradd", "uv")
SECONDS = 60
BASE_PATH = "/usr/local/bin:/usr/bin:/bin"


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
            command = shlex.join([sys.executable, "-P", "-m", __name__, program])
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


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as a condition holds.

    Raises:
        TimeoutError: it does not.
    """
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


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


class Programs:
    """The programs of a machine, each a call of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.state = folder / "state"
        self.pid = self.state / "pid"

    def run(self, program: str, *arguments: str) -> int:
        """Do what a program does, and return its exit code."""
        line = shlex.join([program, *arguments])
        with (self.state / "calls").open("a", encoding="utf-8") as log:
            log.write(line.replace("\n", " ") + "\n")
        pause, paused = os.environ.get("MACHINE_PAUSE"), self.state / "paused"
        if pause and re.search(pause, line) and not paused.exists():
            paused.touch()
            time.sleep(SECONDS)
        verb = getattr(self, program.replace("-", "_"))
        return int(verb(*arguments) or 0)

    def id(self, user: str) -> int:
        """Fail for users who are not there."""
        return 0 if (self.state / f"user-{user}").exists() else 1

    def useradd(self, *arguments: str) -> None:
        """Remember a user."""
        (self.state / f"user-{arguments[-1]}").touch(exist_ok=False)

    def journalctl(self, *_: str) -> None:
        """Tell what the service said last."""
        lines = (self.state / "log").read_text(encoding="utf-8").splitlines()
        print("\n".join(lines[-20:]))

    def runuser(self, *arguments: str) -> int:
        """Run a command as the one who is there."""
        return subprocess.run(arguments[arguments.index("--") + 1 :], check=False).returncode

    def ssh(self, *arguments: str) -> int:
        """Run a command in the home folder."""
        home = self.state / "home"
        home.mkdir(exist_ok=True)
        command = ["sh", "-c", arguments[-1]]
        fds = [int(os.environ["MACHINE_SOCKET"])]
        return subprocess.run(command, cwd=home, pass_fds=fds, check=False).returncode

    def uv(self, *arguments: str) -> int:
        """Be of the version that is wanted, and quick."""
        if arguments == ("--version",):
            print("uv", os.environ["MACHINE_UV_VERSION"])
            return 0
        quick = {**os.environ, "UV_COMPILE_BYTECODE": "0"}
        return subprocess.run(
            [os.environ["MACHINE_UV"], *arguments], env=quick, check=False
        ).returncode

    def systemctl(self, verb: str, *arguments: str) -> None:
        """Start and stop the service; its socket is there in any case."""
        folder = self.root / "etc/systemd/system"
        if verb == "daemon-reload":
            shutil.copytree(folder, self.state / "units", dirs_exist_ok=True)
        service = next((name for name in arguments if name.endswith(".service")), None)
        if service and verb in {"restart", "stop"}:
            self.stop()
        if service and verb in {"restart", "start"}:
            self.start(self.state / "units" / service)

    def start(self, unit: Path) -> None:
        """Start the service, if it does not run."""
        if self.pid.exists():
            return
        service = read(unit)
        environment = self.environment(service, unit.name)
        command = re.sub(
            r"\$\{(\w+)\}", lambda found: environment[found[1]], one(service, "ExecStart")
        )
        os.dup2(int(os.environ["MACHINE_SOCKET"]), 3)
        with (self.state / "log").open("ab") as log:
            process = subprocess.Popen(
                shlex.split(self.placed(command)),
                cwd=self.placed(one(service, "WorkingDirectory")),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[3],
            )
        self.pid.write_text(str(process.pid), encoding="utf-8")

    def stop(self) -> None:
        """Stop the service, if it runs, and wait until it has ended."""
        if not self.pid.exists():
            return
        pid = int(self.pid.read_text(encoding="utf-8"))
        if is_alive(pid):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not is_alive(pid))
        self.pid.unlink()

    def systemd_run(self, *arguments: str) -> int:
        """Run a command, and wait for it."""
        options = [a for a in arguments if a.startswith("--")]
        command = arguments[len(options) :]
        given = dict(option.removeprefix("--").partition("=")[::2] for option in options)
        properties: Unit = {}
        for option in options:
            if option.startswith("--property="):
                name, _, value = option.removeprefix("--property=").partition("=")
                properties.setdefault(name, []).append(value)
        environment = self.environment(properties, f"{given['unit']}.service")
        return subprocess.run(
            [self.placed(word) for word in command],
            cwd=one(properties, "WorkingDirectory"),
            env=environment,
            check=False,
        ).returncode

    def environment(self, service: Mapping[str, list[str]], unit: str) -> dict[str, str]:
        """Return the environment of a unit, whose secrets and folder are made."""
        credentials = self.root / "run/credentials" / unit
        for line in service.get("LoadCredential", []):
            name, _, place = line.partition(":")
            credentials.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.placed(place), credentials / name)
        for name in service.get("StateDirectory", []):
            (self.root / "var/lib" / name).mkdir(parents=True, exist_ok=True)
        lines = list(service.get("Environment", []))
        for file in service.get("EnvironmentFile", []):
            path = Path(self.placed(file.removeprefix("-")))
            if path.exists() or not file.startswith("-"):
                lines += path.read_text(encoding="utf-8").split()
        values = dict(line.partition("=")[::2] for line in lines)
        known = {
            name: value.replace("%d", f"/run/credentials/{unit}") for name, value in values.items()
        }
        return {"PATH": BASE_PATH, **{n: self.placed(value) for n, value in known.items()}}

    def placed(self, text: str) -> str:
        """Return a text with the paths and the database that the machine really has."""
        database = f"127.0.0.1:{os.environ.get('PGPORT', '5432')}"
        text = text.replace("127.0.0.1:5432", database)
        if str(self.root) in text:
            return text
        return re.sub(r"(?<![\w.])/(?=(?:etc|opt|run|var)/)", f"{self.root}/", text)


def is_alive(pid: int) -> bool:
    """Return whether a process runs, other than as a zombie that nobody has asked for."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    sys.exit(Programs(Path(os.environ["MACHINE"])).run(*sys.argv[1:]))
