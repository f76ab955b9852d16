"""Dockerfiles: stages, and the files of the project in them."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN = {"COPY", "RUN", "ENV", "WORKDIR", "USER", "EXPOSE", "CMD", "HEALTHCHECK"}

SECRET = re.compile(r"secret|token|passw|credential|_key\b|://[^/\s]+:[^/\s]+@", re.IGNORECASE)

# Makes what lies in a folder readable for the service's user.
OPENS = re.compile(r"\bchmod -R (?:u=rwX,)?(?:go|a)[+=]rX ")

# What must never be sent to a builder, wherever that may run.
PRIVATE = (".env", ".env.production", ".git/config", ".venv/pyvenv.cfg", "tests/conftest.py")


class BuildError(Exception):
    """The image cannot be built, or not by what is here."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: `name --flag=value words`."""

    name: str
    flags: tuple[tuple[str, str], ...]
    words: str

    @property
    def exec_form(self) -> list[str]:
        """Return the command of an instruction that is written as JSON."""
        try:
            command = json.loads(self.words.removeprefix("CMD "))
        except ValueError:
            command = None
        if not isinstance(command, list):
            message = (
                f"{self.name} {self.words}: write the command as a list, so that no shell runs it"
            )
            raise BuildError(message)
        return command


@dataclass
class Stage:
    """A stage: what it begins with, and what is done to it."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)


def read_stages(dockerfile: Path) -> list[Stage]:
    """Return the stages of a Dockerfile; an instruction that is not known here is an error."""
    stages: list[Stage] = []
    for instruction in _instructions(dockerfile.read_text(encoding="utf-8")):
        if instruction.name == "FROM":
            base, *alias = re.split(r"\s+AS\s+", instruction.words, flags=re.IGNORECASE)
            stages.append(Stage(alias[0] if alias else str(len(stages)), base))
        elif instruction.name in KNOWN and stages:
            stages[-1].instructions.append(instruction)
        else:
            message = f"the Dockerfile says {instruction.name}, which is not known here"
            raise BuildError(message)
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            flags = []
            while found := re.match(r"\s*--([\w-]+)=(\S+)\s+", rest):
                flags.append((found[1], found[2]))
                rest = rest[found.end() :]
            yield Instruction(name.upper(), tuple(flags), " ".join(rest.split()))


def variables(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Yield the names and values of an ENV."""
    for word in shlex.split(instruction.words):
        name, _, value = word.partition("=")
        yield name, value


def last(stage: Stage, name: str) -> Instruction | None:
    """Return the last instruction of that name, the one that holds."""
    return next((i for i in reversed(stage.instructions) if i.name == name), None)


def context(project: Path) -> Iterator[Path]:
    """Yield the files that .dockerignore lets through to the builder."""
    patterns = list(_patterns(project / ".dockerignore"))
    for path in sorted(project.rglob("*")):
        if not path.is_dir() and not _ignored(path.relative_to(project).as_posix(), patterns):
            yield path


def _patterns(dockerignore: Path) -> Iterator[tuple[bool, re.Pattern[str]]]:
    """Yield whether a line ignores, and what it matches, as Docker's documentation says it."""
    for line in dockerignore.read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            pattern = stripped.removeprefix("!").strip("/")
            parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
            wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
            expression = "".join(wild.get(part) or re.escape(part) for part in parts)
            yield not stripped.startswith("!"), re.compile(f"{expression}(?:/.*)?")


def _ignored(name: str, patterns: list[tuple[bool, re.Pattern[str]]]) -> bool:
    """Return what the last matching line says; one that matches a folder matches all in it."""
    return next((ignores for ignores, p in reversed(patterns) if p.fullmatch(name)), False)


def complaints(project: Path) -> Iterator[str]:
    """Yield what the CIS Docker Benchmark (4.1, 4.6, 4.9, 4.10) has against the image."""
    try:
        stages = read_stages(project / "Dockerfile")
        yield from _complaints_of(stages)
    except BuildError as error:
        yield str(error)
    patterns = list(_patterns(project / ".dockerignore"))
    for name in PRIVATE:
        if not _ignored(name, patterns):
            yield f".dockerignore lets {name} through"


def _complaints_of(stages: list[Stage]) -> Iterator[str]:
    names = {stage.name for stage in stages}
    for stage in stages:
        if stage.base not in names and not re.search(r"@sha256:[0-9a-f]{64}$", stage.base):
            yield f"{stage.base} is not pinned by its digest"
        for instruction in stage.instructions:
            if instruction.name == "ENV":
                yield from (
                    f"ENV {name} is in the image for all to read"
                    for name, value in variables(instruction)
                    if SECRET.search(f"{name} {value}")
                )
    user = last(stages[-1], "USER")
    if user is None or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user.words):
        yield "the image runs as root, or as a user that has no number: USER"
    yield from _hidden_from_user(stages[-1])
    if last(stages[-1], "HEALTHCHECK") is None:
        yield "the image has no HEALTHCHECK"
    command = last(stages[-1], "CMD")
    if command is None:
        yield "the image has no CMD"
    else:
        _ = command.exec_form


def _hidden_from_user(stage: Stage) -> Iterator[str]:
    """Yield what keeps the modes of the machine it was copied from, such as 0600."""
    hidden: list[str] = []
    root = True
    for instruction in stage.instructions:
        match instruction.name:
            case "USER":
                root = False
            case "COPY" if "from" not in dict(instruction.flags):
                hidden.append(instruction.words)
            case "RUN" if root and OPENS.search(instruction.words):
                hidden.clear()
    for words in hidden:
        yield f"COPY {words}: after a strict umask its user cannot read this (chmod -R go=rX)"
