"""The image of a service, run as strictly as a deploy target may run it.

Docker or Podman build it where they work; elsewhere `proof.machines.rehearsal` does, loudly.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from proof.formats.dockerfile import BuildError, Stage, last, read_stages
from proof.machines import container
from proof.machines.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

SECONDS = 30

# The image's own check asks whether the process lives; this one, whether it can serve.
READY = (
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=5)"
)


class Container(Protocol):
    """A command that runs in an image."""

    process: subprocess.Popen[str]

    def call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run another command in the same container."""

    def send(self, name: str) -> None:
        """Send the command a signal, such as TERM."""


class Image(Protocol):
    """An image that was built."""

    @property
    def stage(self) -> Stage:
        """The last stage, which says how it is run."""

    def start(
        self, command: list[str], settings: Mapping[str, str], volumes: Mapping[str, str]
    ) -> Container:
        """Run a command, or the image's own for none, read-only and without a network."""

    def volume(self, place: str) -> AbstractContextManager[str]:
        """Give a new volume with what the image has at a place."""


class Builder(Protocol):
    """What builds images."""

    def build(self, project: Path) -> Image:
        """Build the image of a project, or raise `BuildError`."""


def builder(scratch: Path) -> Builder | None:
    """Return what builds images on this machine, or None, loudly, where nothing can."""
    for program in ("docker", "podman"):
        if shutil.which(program):
            asked = subprocess.run([program, "info"], check=False, capture_output=True)
            if asked.returncode == 0:
                return Engine(program)
    if container.unshare():
        print("NO CONTAINER ENGINE: the image is rehearsed without one", file=sys.stderr)
        return Rehearsal(scratch)
    print("NO CONTAINER ENGINE, AND NO NAMESPACES: no image is built", file=sys.stderr)
    return None


@dataclass(frozen=True)
class Engine:
    """Docker or Podman."""

    program: str

    def build(self, project: Path) -> EngineImage:
        """Build the image of a project, or raise `BuildError`."""
        stages = read_stages(project / "Dockerfile")
        built = subprocess.run(
            [self.program, "build", "--quiet", project],
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        if built.returncode:
            raise BuildError(built.stderr)
        return EngineImage(self.program, built.stdout.split()[-1], stages[-1])


@dataclass(frozen=True)
class EngineImage:
    """An image that an engine has."""

    program: str
    name: str
    stage: Stage

    def start(
        self, command: list[str], settings: Mapping[str, str], volumes: Mapping[str, str]
    ) -> EngineContainer:
        """Run a command, or the image's own for none, read-only and without a network."""
        name = f"service-{uuid4().hex}"
        options = [
            "--rm",
            f"--name={name}",
            "--network=none",
            "--read-only",
            "--tmpfs=/tmp",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            *(f"--env={setting}={value}" for setting, value in settings.items()),
            *(f"--volume={source}:{place}" for place, source in volumes.items()),
        ]
        return EngineContainer(self.program, name, [*options, self.name, *command])

    @contextmanager
    def volume(self, place: str) -> Iterator[str]:
        """Yield a new volume, which the engine fills with what the image has at a place."""
        del place
        name = f"service-{uuid4().hex}"
        subprocess.run([self.program, "volume", "create", name], check=True, capture_output=True)
        try:
            yield name
        finally:
            subprocess.run([self.program, "volume", "rm", name], check=True, capture_output=True)


class EngineContainer:
    """A container of an engine, gone when it ends."""

    def __init__(self, program: str, name: str, arguments: list[str]) -> None:
        self._program = program
        self._name = name
        self.process = subprocess.Popen(
            [program, "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run another command in the same container."""
        return subprocess.run(
            [self._program, "exec", self._name, *command],
            check=False,
            capture_output=True,
            encoding="utf-8",
        )

    def send(self, name: str) -> None:
        """Send the command a signal, such as TERM."""
        command = [self._program, "kill", f"--signal={name}", self._name]
        subprocess.run(command, check=False, capture_output=True)


def complaints(
    builds: Builder,
    project: Path,
    settings: Mapping[str, str],
    *,
    mounts: Mapping[str, str] | None = None,
    volumes: tuple[str, ...] = (),
) -> Iterator[str]:
    """Yield what keeps the image from migrating the database, serving, and ending well.

    Args:
        builds: what builds images.
        project: the project with the Dockerfile.
        settings: environment variables of the container.
        mounts: folders of this machine, by where the container sees them.
        volumes: where the container keeps data.
    """
    with ExitStack() as stack:
        try:
            image = builds.build(project)
        except BuildError as error:
            yield str(error)
            return
        places = {place: stack.enter_context(image.volume(place)) for place in volumes}
        seen = {**(mounts or {}), **places}
        code, said = ended(image.start(["app", "migrate"], settings, seen))
        if code:
            yield f"app migrate ended with {code}: {said}"
        else:
            yield from complaints_of_serving(image.start([], settings, seen), image.stage)


def ended(running: Container) -> tuple[int, str]:
    """Wait until a container has ended, and return its exit code and what it said."""
    try:
        said, _ = running.process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        running.send("KILL")
        said, _ = running.process.communicate()
        return -1, f"it did not end within {SECONDS} seconds: {said}"
    return running.process.returncode, said


def complaints_of_serving(running: Container, stage: Stage) -> Iterator[str]:
    """Yield what is wrong with a running service, which is ended."""
    health = last(stage, "HEALTHCHECK")
    for check in (*([health.exec_form] if health else []), ["python", "-c", READY]):
        deadline = time.monotonic() + SECONDS
        asked = running.call(check)
        while asked.returncode and running.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
            asked = running.call(check)
        if asked.returncode:
            yield f"the service does not get healthy: {asked.stderr}"
            break
    running.send("TERM")
    code, said = ended(running)
    if code:
        yield f"the service ended with {code}: {said}"
