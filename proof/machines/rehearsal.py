"""The image of a service, built and run by what a bare machine has.

The system, the Python and the uv of this machine stand for those of the pinned images. All
else is as in an image: only what the Dockerfile copies is there, and a container may write to
its volumes and to /tmp alone, and reach nothing but itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from string import Template
from typing import TYPE_CHECKING
from uuid import uuid4

from proof.formats.dockerfile import BuildError, context, last, read_stages, variables
from proof.machines import container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from proof.formats.dockerfile import Instruction, Stage

BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"

# How this machine reaches the package index.
PASSED_ON = re.compile(
    r"UV_(?:DEFAULT_)?INDEX\w*|UV_EXTRA_INDEX_URL|UV_SYSTEM_CERTS|UV_OFFLINE|UV_INSECURE_HOST"
    r"|SSL_CERT_\w+|\w+_proxy",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class State:
    """What a stage has come to.

    Attributes:
        tree: its files, at a place of this machine.
        key: a fingerprint of all that made it.
        mounts: what of this machine its programs need, by where they look for it.
    """

    tree: Path
    key: str
    mounts: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": BASE_PATH})
    workdir: str = "/"
    user: int = 0

    def place(self, name: str) -> Path:
        """Return where on this machine a path of the image lies."""
        return self.tree / PurePosixPath(self.workdir, name).relative_to("/")


@dataclass(frozen=True)
class Rehearsal:
    """Builds images in a folder, and keeps the layers there: most images share them."""

    scratch: Path

    def build(self, project: Path) -> RehearsedImage:
        """Build the image of a project.

        Raises:
            BuildError: an instruction failed.
        """
        states: dict[str, State] = {}
        stages = read_stages(project / "Dockerfile")
        for stage in stages:
            state = states.get(stage.base) or self._base(stage.base)
            for group in _groups(stage.instructions):
                state = self._step(state, group, project, states)
            states[stage.name] = state
        return RehearsedImage(self.scratch, states[stages[-1].name], stages[-1])

    def _base(self, name: str) -> State:
        """Return what stands for an image that others make."""
        repository, _, tag = name.partition("@")[0].rpartition(":")
        tree = self.scratch / "bases" / f"{PurePosixPath(repository).name}-{tag}"
        programs = tree / "usr" / "local" / "bin"
        programs.mkdir(parents=True, exist_ok=True)
        if repository == "ghcr.io/astral-sh/uv":
            shutil.copy2(uv(), tree)
            return State(tree, name, {})
        if repository == "python" and tag.endswith("-slim"):
            executable, prefix = interpreter(tag.removesuffix("-slim"))
            for alias in {"python", "python3"} - {path.name for path in programs.iterdir()}:
                (programs / alias).symlink_to(executable)
            places = [] if prefix == "/usr" else [executable, f"{prefix}/lib"]
            return State(tree, name, {place: place for place in places})
        message = f"FROM {name}: nothing on this machine stands for this image"
        raise BuildError(message)

    def _step(
        self, state: State, group: list[Instruction], project: Path, stages: Mapping[str, State]
    ) -> State:
        """Carry out instructions and keep the files, unless they are kept already."""
        key = _fingerprint(state, group, project, stages)
        layer = self.scratch / "layers" / key
        known = layer.exists()
        tree = layer if known else layer.with_suffix(".unfinished")
        if not known:
            tree.parent.mkdir(exist_ok=True)
            shutil.rmtree(tree, ignore_errors=True)  # of an attempt that failed
            _link(state.tree, tree)
        state = replace(state, tree=tree, key=key)
        for instruction in group:
            state = _configured(state, instruction)
            if not known:
                self._change_files(state, instruction, project, stages)
        if not known:
            tree.rename(layer)
        return replace(state, tree=layer)

    def _change_files(
        self, state: State, instruction: Instruction, project: Path, stages: Mapping[str, State]
    ) -> None:
        match instruction.name:
            case "WORKDIR":
                state.place("").mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(state, instruction, project, stages)
            case "RUN":
                self._run(state, instruction)

    def _run(self, state: State, instruction: Instruction) -> None:
        caches = {target: str(self._cache(target)) for target in _cache_mounts(instruction)}
        passed_on = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        resolver = os.path.realpath("/etc/resolv.conf")
        running = container.Running(
            container.Box(
                tree=str(state.tree),
                root=mount_point(self.scratch),
                workdir=state.workdir,
                environment={"HOME": "/root", **passed_on, **state.environment},
                mounts={**state.mounts, resolver: resolver, **caches},
                writable=tuple(caches),
                building=True,
            ),
            ["/bin/sh", "-c", instruction.words],
        )
        output, _ = running.process.communicate()
        if running.process.returncode:
            message = f"RUN {instruction.words} failed:\n{output}"
            raise BuildError(message)

    def _cache(self, target: str) -> Path:
        """Return a folder that outlasts the build: uv's own, or else one of ours."""
        folder = self.scratch / "caches" / target.replace("/", "-")
        if PurePosixPath(target).name == "uv":
            found = subprocess.run(
                [uv(), "cache", "dir"], check=True, capture_output=True, encoding="utf-8"
            )
            folder = Path(found.stdout.strip())
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass(frozen=True)
class RehearsedImage:
    """An image whose files lie in a folder."""

    scratch: Path
    state: State
    stage: Stage

    def start(
        self, command: list[str], settings: Mapping[str, str], volumes: Mapping[str, str]
    ) -> container.Running:
        """Run a command, or the image's own for none, read-only and without a network.

        Args:
            command: what to run.
            settings: environment variables.
            volumes: what may be written to, by where it is to be seen.
        """
        default = last(self.stage, "CMD")
        return container.Running(
            container.Box(
                tree=str(self.state.tree),
                root=mount_point(self.scratch),
                workdir=self.state.workdir,
                environment={"HOME": "/", **self.state.environment, **settings},
                mounts={**self.state.mounts, **volumes},
                writable=tuple(volumes),
                user=self.state.user,
            ),
            command or (default.exec_form if default else []),
        )

    @contextmanager
    def volume(self, place: str) -> Iterator[str]:
        """Yield a new volume with what the image has at a place."""
        folder = self.scratch / "volumes" / uuid4().hex
        folder.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", self.state.place(place), folder], check=True)
        yield str(folder)


def mount_point(scratch: Path) -> str:
    """Return an empty folder."""
    folder = scratch / "root"
    folder.mkdir(exist_ok=True)
    return str(folder)


def uv() -> str:
    """Return the program itself, not a script that calls it."""
    import uv as package  # noqa: PLC0415 -- where no image is built, none is needed

    return package.find_uv_bin()


@cache
def interpreter(version: str) -> tuple[str, str]:
    """Return this machine's Python of a version, or else of another, loudly, and its prefix."""
    command = [uv(), "python", "find", "--no-project", version]
    found = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    if found.returncode:
        print(f"NO PYTHON {version}: another one stands for that of the image", file=sys.stderr)
    path = os.path.realpath(found.stdout.strip() or sys.executable)
    asked = subprocess.run(
        [path, "-c", "import sys; print(sys.base_prefix)"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return path, asked.stdout.strip()


def _groups(instructions: list[Instruction]) -> Iterator[list[Instruction]]:
    """Yield instructions that make a layer: a RUN, with those before it, ends one."""
    group = []
    for instruction in instructions:
        group.append(instruction)
        if instruction.name == "RUN":
            yield group
            group = []
    if group:
        yield group


def _configured(state: State, instruction: Instruction) -> State:
    """Return the state with what an instruction says of how to run things."""
    match instruction.name:
        case "ENV":
            values = {
                name: Template(value).safe_substitute(state.environment)
                for name, value in variables(instruction)
            }
            return replace(state, environment={**state.environment, **values})
        case "WORKDIR":
            return replace(state, workdir=str(PurePosixPath(state.workdir, instruction.words)))
        case "USER":
            user = instruction.words.partition(":")[0]
            if not user.isdecimal():
                message = f"USER {user} is no number"
                raise BuildError(message)
            return replace(state, user=int(user))
    return state


def _cache_mounts(instruction: Instruction) -> Iterator[str]:
    """Yield where a RUN wants folders that outlast it."""
    for name, value in instruction.flags:
        options = dict(option.split("=") for option in value.split(","))
        if name != "mount" or options.keys() != {"type", "target"} or options["type"] != "cache":
            message = f"RUN --{name}={value} is not known here"
            raise BuildError(message)
        yield options["target"]


def _sources(instruction: Instruction, project: Path) -> dict[str, list[Path]]:
    """Return the files of the project that each source of a COPY stands for."""
    *names, _ = shlex.split(instruction.words)
    if instruction.flags:
        return {}
    sent = list(context(project))
    return {name: [path for path in sent if path.is_relative_to(project / name)] for name in names}


def _copy(
    state: State, instruction: Instruction, project: Path, stages: Mapping[str, State]
) -> None:
    *names, last_word = shlex.split(instruction.words)
    target = state.place(last_word)
    into = last_word.endswith("/") or len(names) > 1
    for flag, stage in instruction.flags:
        if flag != "from" or stage not in stages or len(names) > 1:
            message = f"COPY --{flag}={stage} is not known here"
            raise BuildError(message)
        source = stages[stage].place(names[0])
        if not source.exists():
            message = f"COPY {instruction.words}: {stage} has no {names[0]}"
            raise BuildError(message)
        _copy_file(source, target / source.name if into and source.is_file() else target)
    for name, files in _sources(instruction, project).items():
        if not files:
            message = f"COPY {name}: .dockerignore keeps it from the builder, or there is none"
            raise BuildError(message)
        origin = project / name
        for path in files:
            inside = path.relative_to(origin) if origin.is_dir() else Path(name if into else "")
            _copy_file(path, target / inside)
        for folder in _folders(origin, files):
            shutil.copymode(folder, target / folder.relative_to(origin))


def _folders(origin: Path, files: list[Path]) -> list[Path]:
    """Return a folder and those in it that hold the files: Docker copies their modes, too."""
    return sorted(
        {parent for path in files for parent in path.parents if origin in (parent, *parent.parents)}
    )


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        _link(source, target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _link(source: Path, target: Path) -> None:
    """Give the files of a folder a second name, since nothing changes those that are there."""
    subprocess.run(["cp", "-al", "--no-target-directory", source, target], check=True)


def _fingerprint(
    state: State, group: list[Instruction], project: Path, stages: Mapping[str, State]
) -> str:
    """Return what differs whenever the instructions could make other files."""
    fingerprint = hashlib.sha256(repr((state.key, state.environment, state.workdir)).encode())
    for instruction in group:
        fingerprint.update(repr(instruction).encode())
        if instruction.name == "COPY":
            origins = [stages[name].key for _, name in instruction.flags if name in stages]
            fingerprint.update(repr(origins).encode())
            for name, files in _sources(instruction, project).items():
                fingerprint.update(repr(name).encode())
                for path in (*_folders(project / name, files), *files):
                    inside = path.relative_to(project), path.stat().st_mode
                    content = path.read_bytes() if path.is_file() else b""
                    fingerprint.update(repr(inside).encode() + content)
    return fingerprint.hexdigest()
