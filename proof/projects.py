"""Making the project of a combination, and what is looked at in every single one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any

from cookiecutter.exceptions import FailedHookException

from proof import (
    documents,
    interpreters,
    ledger,
    licences,
    matrix,
    modes,
    reading,
    walkthrough,
)
from proof.generation import generate
from proof.leftovers import leftovers
from proof.outcome import Outcome
from proof.validators import VALIDATORS, is_script

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from proof.matrix import Combination

WINDOWS_FORBIDS = re.compile(
    r'[<>:"|?*\\]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE
)
LONGEST_PATH = 140

(SCRIPTS,) = (validator for validator in VALIDATORS if validator.name == "shellcheck")

# What generating may never do: it needs no network, and no program but Python.
FORBIDDEN = {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.system"}


class Isolation:
    """Refuses network and programs while it is on."""

    def __init__(self) -> None:
        self.on = False
        sys.addaudithook(self._refuse)

    def _refuse(self, event: str, _: object) -> None:
        if self.on and event in FORBIDDEN:
            message = f"generating must not do this: {event}"
            raise PermissionError(message)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Refuse within the block."""
        self.on = True
        try:
            yield
        finally:
            self.on = False


@cache
def isolation() -> Isolation:
    """Return this process's own: an audit hook cannot be removed."""
    return Isolation()


def quietly(template: Path, output: Path, answers: dict[str, str]) -> Path:
    """Generate a project in this process, without network and programs; return its folder."""
    with isolation()(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        return generate(template, output, answers)


def make(template: Path, project: Path, answers: dict[str, str]) -> None:
    """Generate a project, whole or not at all.

    This is done in a folder whose name stays the same, so that Jinja, which compiles the
    paths too, does so once.

    Raises:
        OSError: there is such a folder already.
    """
    making = project.parent / f"making-{os.getpid()}"
    try:
        quietly(template, making, answers).rename(project)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def refuse(template: Path, output: Path, combination: Combination) -> Outcome:
    """Look whether the hook refuses a combination in the words of the table."""
    try:
        quietly(template, output, combination.answers)
    except FailedHookException as refusal:
        complaints = []
        if str(combination.refused_because) not in str(refusal):
            complaints.append(f"it is refused in other words: {refusal}")
        if list(output.iterdir()):
            complaints.append("something is left behind")
        return Outcome(1, complaints)
    return Outcome(1, ["it is not refused"])


def full_answers(template: Path, combination: Combination) -> dict[str, str]:
    """Return a combination's answers, and the default of each question that offers others."""
    offered = matrix.choices(matrix.read_questions(template))
    return {question: answers[0] for question, answers in offered.items()} | combination.answers


def digests(project: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the digests of a project's files and their modes by path.

    Files with fresh secrets are left out.
    """
    return {
        name: hashlib.sha256(content).hexdigest() + modes.mode(project / name)
        for name, content in contents.items()
        if PurePath(name).name != ".env"
    }


@dataclass(frozen=True)
class Seen:
    """A generated project: its folder, the contents and texts of its files, all answers."""

    folder: Path
    contents: Mapping[str, bytes]
    texts: Mapping[str, str]
    answers: Mapping[str, str]


# What every project is looked at for, by the name of the check; each yields what is wrong.
LOOKS: dict[str, Callable[[Seen], Iterable[str]]] = {
    "leftovers": lambda seen: leftovers(seen.texts, seen.answers),
    "parse": lambda seen: _unreadable(seen.contents),
    "names": lambda seen: _unfit(seen.contents),
    "modes": lambda seen: modes.complaints(seen.folder),
    "gates": lambda seen: ledger.complaints(seen.texts, seen.answers),
    "documents": lambda seen: documents.complaints(seen.texts, seen.answers),
    "licence": lambda seen: licences.complaints(seen.texts, seen.answers["license"]),
    "interpreter": lambda seen: interpreters.complaints(seen.texts, seen.answers["python_version"]),
}


def look_at(project: Path, answers: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Outcome]]:
    """Look at what every project is looked at for.

    Returns:
        The digests of its `files` and the commands and settings that its pages have
        `documented`; and what was found, by the name of the check.
    """
    contents = reading.contents(project)
    texts = {name: content.decode(errors="replace") for name, content in contents.items()}
    seen = Seen(project, contents, texts, answers)
    found = {name: Outcome(len(contents), list(look(seen))) for name, look in LOOKS.items()}
    made = {"files": digests(project, contents), "documented": walkthrough.extract(texts)}
    return made, found


def _unreadable(files: Mapping[str, bytes]) -> Iterator[str]:
    for name, content in files.items():
        if problem := _problem(name, content):
            yield f"{name}: {problem}"


@cache
def _problem(name: str, content: bytes) -> str | None:
    """Return why a file cannot be read, once for each content."""
    if b"\r" in content or (content and not content.endswith(b"\n")):
        return "its lines do not end as on Unix"
    if is_script(content) and not SCRIPTS.reads.search(name):
        return "shellcheck does not find this script where it is"
    try:
        reading.parse(PurePath(name).name, content.decode())
    except Exception as error:  # noqa: BLE001 -- each parser has its own
        return f"{type(error).__name__}: {error}"
    return None


def _unfit(files: Collection[str]) -> Iterator[str]:
    names = {str(parent) for name in files for parent in PurePosixPath(name).parents[:-1]}
    names.update(files)
    if len({name.casefold() for name in names}) < len(names):
        yield "two names differ in case only"
    for name in names:
        if len(name) > LONGEST_PATH:
            yield f"{name} is longer than some systems allow"
        if any(WINDOWS_FORBIDS.search(part) for part in name.split("/")):
            yield f"{name} is no name on Windows"
