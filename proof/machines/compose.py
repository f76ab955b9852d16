"""A machine without Docker: a `docker` of ours takes away what is Docker's, and runs the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from pathlib import Path

SECONDS = 20

# What stands for Docker: HOST_DATA is the volume, HOST_LOG gets a line for each call, and
# a call whose words are those of HOST_FAIL fails; one with those of HOST_HANG hangs.
DOCKER = """#!{python}
import os, subprocess, sys, time

words = [word.replace("/data/", os.environ["HOST_DATA"] + "/") for word in sys.argv[1:]]
given = "compose --project-directory . --env-file .env.production --file".split()
assert words[:6] == given and words[6] == "releases/current/compose.yaml", words
verb, rest = words[7], words[8:]
line = " ".join([verb, *rest])
with open(os.environ["HOST_LOG"], "a", encoding="utf-8") as log:
    log.write(line.replace("\\n", " ") + "\\n")
for name in ("HOST_FAIL", "HOST_HANG"):
    wanted = os.environ.get(name, "").split()
    if wanted and all(word in line for word in wanted):
        if name == "HOST_FAIL":
            sys.exit(1)
        time.sleep(60)
if verb in ("up", "stop"):
    sys.exit(0)
assert verb in ("exec", "run"), words
environment = dict(os.environ)
while rest[0].startswith("-"):
    if rest[0] == "--env":
        key, _, value = rest.pop(1).partition("=")
        environment[key] = value
    rest.pop(0)
service, *command = rest
if not command:
    assert service == "migrate", words
    command = ["python", "-c", os.environ["HOST_MIGRATE"]]
if command[0] == "python":
    command[0] = sys.executable
sys.exit(subprocess.run(command, env=environment).returncode)
"""


@dataclass
class Machine:
    """A server with a project on it.

    Attributes:
        environment: variables of whoever gives commands there.
    """

    project: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def with_project(cls, project: Path, folder: Path) -> Machine:
        """Make a machine in a folder. Its commands write nothing to the project."""
        docker = folder / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(DOCKER.replace("{python}", sys.executable), encoding="utf-8")
        docker.chmod(0o755)
        (folder / "data").mkdir()
        return cls(project, folder)

    @property
    def data(self) -> Path:
        """Return what stands for the volume."""
        return self.folder / "data"

    @property
    def calls(self) -> list[str]:
        """Return what Docker was asked for, a line for each call."""
        log = self.folder / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def verbs(self) -> list[str]:
        """Return the calls that stop or start something, or migrate."""
        return [
            call
            for call in self.calls
            if call.startswith(("stop", "up")) or call.endswith(" migrate")
        ]

    def start(self, command: str, *arguments: str | Path, **environment: str) -> Process:
        """Start a command of the target in the home folder."""
        bin_folder = self.folder / "bin"
        known = {**os.environ, **self.environment}
        return subprocess.Popen(
            ["sh", self.project / "deploy" / command, *arguments],
            cwd=self.folder,
            env={
                **known,
                "PATH": f"{bin_folder}{os.pathsep}{known['PATH']}",
                "HOST_DATA": str(self.data),
                "HOST_LOG": str(self.folder / "log"),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, command: str, *arguments: str | Path, **environment: str) -> tuple[int, str]:
        """Run a command of the target; return its exit code and what it said."""
        process = self.start(command, *arguments, **environment)
        out, errors = process.communicate()
        return process.returncode, out + errors

    def backed_up(self) -> Path:
        """Return a backup of what there is, and forget the calls that it took."""
        code, said = self.run("backup", "saved")
        if code:
            raise AssertionError(said)
        (self.folder / "log").unlink()
        return self.folder / "saved"

    def interrupt(self, while_it_does: str, by: signal.Signals) -> None:
        """Start a restore, and end it, with all that it has started, at a certain call."""
        process = self.start("restore", "saved", HOST_HANG=while_it_does)
        deadline = time.monotonic() + SECONDS
        while not any(while_it_does in call for call in self.calls):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.05)
        os.killpg(process.pid, by)
        process.communicate()


type Process = subprocess.Popen[str]
