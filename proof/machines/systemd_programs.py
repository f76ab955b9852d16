"""The programs of a machine without systemd, each of which stands for the real one.

`systemctl` starts and stops the real server as its unit says, on a socket that outlives it;
`systemd-run` runs a program as its properties say. Paths of the unit are those of a folder that
stands for the root. Users, rights and limits are left out.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from proof.targets.systemd import one, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from proof.targets.systemd import Unit

PROGRAMS = ("id", "journalctl", "runuser", "ssh", "systemctl", "systemd-run", "useradd", "uv")
SECONDS = 60
BASE_PATH = "/usr/local/bin:/usr/bin:/bin"


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


def is_alive(pid: int) -> bool:
    """Return whether a process runs, other than as a zombie that nobody has asked for."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    sys.exit(Programs(Path(os.environ["MACHINE"])).run(*sys.argv[1:]))
