"""What is proven once for all combinations that have the same files."""

from __future__ import annotations

import re
import shutil
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof import python, store
from proof.commands import interpreter
from proof.outcome import Outcome
from proof.projects import make
from proof.targets import target_of
from proof.validators import VALIDATORS, files_of, readers, said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from proof.matrix import Combination

RUFF = {
    "ruff": ["ruff", "check", "--no-cache"],
    "format": ["ruff", "format", "--check", "--no-cache"],
}
RUFF_READS = re.compile(r"\.pyi?$|^pyproject\.toml$")
MARKDOWN = re.compile(r"\.md$")  # the formatter reads the code in it

# What can be chosen; what looks at every project is always done.
CHECKS = (*RUFF, *(validator.name for validator in VALIDATORS), "target", *python.CHECKS)

# All but what a target has no business in; how many requests the server takes is one.
TARGET_READS = re.compile(
    r"^(?!(src(?!/app/core/interface\.py)|tests|migrations|docs|\.github)/"
    r"|\.gitlab|README\.md|AGENTS\.md|LICENSE|uv\.lock)"
)


@dataclass(frozen=True)
class Unit:
    """Files, and the checks that read these and nothing else.

    Attributes:
        check: the check's name; `python` stands for all that want the environment.
        files: pairs of path and digest.
        told: what else the check is told.
        checks: the names of the checks that are done.
    """

    check: str
    files: tuple[tuple[str, str], ...]
    told: str = ""
    checks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the fingerprint of all that decides the result."""
        return store.digest(store.tools(), self.check, self.files, self.told, self.checks)


@dataclass(frozen=True)
class Source:
    """Where a unit's files are found: in the project of some combination."""

    template: Path
    folder: Path
    answers: Mapping[str, str]

    def project(self) -> Path:
        """Return the project, which is made now if nobody has needed it yet."""
        if not self.folder.exists():
            try:
                make(self.template, self.folder, dict(self.answers))
            except OSError:  # somebody else was quicker
                assert self.folder.exists()  # noqa: S101
        return self.folder


def units_of(
    combination: Combination, files: Mapping[str, str], checks: Collection[str] = ()
) -> Iterator[Unit]:
    """Yield the units of a combination, of all checks or of some."""
    if ruff := tuple(name for name in RUFF if not checks or name in checks):
        yield Unit("ruff", _matching(files, RUFF_READS), checks=ruff)
    if "format" in ruff:
        settings = ("pyproject.toml", files["pyproject.toml"])
        for file in _matching(files, MARKDOWN):
            yield Unit("format", (file, settings), checks=("format",))
    for validator, names in readers(files):
        if checks and validator.name not in checks:
            continue
        read = tuple((name, files[name]) for name in names)
        for some in [(file,) for file in read] if validator.command else [read]:
            yield Unit(validator.name, some, checks=(validator.name,))
    deploy = combination.answers["deploy"]
    if deploy != "none" and (not checks or "target" in checks):
        yield Unit("target", _matching(files, TARGET_READS), deploy, ("target",))
    if not checks or not set(python.CHECKS).isdisjoint(checks):
        done = tuple(name for name in python.CHECKS if not checks or name in {"sync", *checks})
        told = f"{combination.answers['database']} {interpreter()}"
        yield Unit("python", python.files_of(files), told, done)


def _matching(files: Mapping[str, str], pattern: re.Pattern[str]) -> tuple[tuple[str, str], ...]:
    return tuple(file for file in files.items() if pattern.search(file[0]))


def prove(work: list[tuple[Unit, Source]]) -> Iterator[tuple[Unit, str, Outcome]]:
    """Yield what was found for units of one check, each in a tree that holds nothing else."""
    with TemporaryDirectory() as scratch:
        trees = []
        for number, (unit, source) in enumerate(work):
            tree = Path(scratch, str(number))
            lay(unit, source.project(), tree)
            trees.append((unit, tree))
        if work[0][0].check == "python":
            for unit, tree in trees:
                (tree / "README.md").touch()
                database = unit.told.partition(" ")[0]
                for name, outcome in python.prove(tree, database, checks=unit.checks):
                    yield unit, name, outcome
            return
        for check in work[0][0].checks:
            yield from _prove(check, trees)


def _prove(check: str, trees: list[tuple[Unit, Path]]) -> Iterator[tuple[Unit, str, Outcome]]:
    """Yield what a check finds: in all trees at once, or one by one if it finds something."""
    started = time.perf_counter()
    if len(trees) > 1 and not complaints(check, trees):
        each = (time.perf_counter() - started) / len(trees)
        for unit, _ in trees:
            yield unit, check, Outcome(len(unit.files), [], each)
        return
    for unit, tree in trees:
        started = time.perf_counter()
        outcome = Outcome(len(unit.files), complaints(check, [(unit, tree)]))
        outcome.seconds = time.perf_counter() - started
        yield unit, check, outcome


def lay(unit: Unit, project: Path, tree: Path) -> None:
    """Copy a unit's files into a tree of their own."""
    tree.mkdir()
    for name, _ in unit.files:
        copy = tree / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project / name, copy)


def complaints(check: str, trees: list[tuple[Unit, Path]]) -> list[str]:
    """Return what a check has to say of the files in some trees; to break off says much, too."""
    try:
        return _complaints(check, trees)
    except Exception:  # noqa: BLE001 -- files that are wrong break checks in any way
        return [traceback.format_exc()]


def _complaints(check: str, trees: list[tuple[Unit, Path]]) -> list[str]:
    if check == "target":
        return [line for unit, tree in trees for line in target_of(unit.told).complaints(tree)]
    if check in RUFF:
        return said([*RUFF[check], *(str(tree) for _, tree in trees)], trees[0][1])
    (validator,) = (validator for validator in VALIDATORS if validator.name == check)
    if validator.command:
        paths = [tree / name for unit, tree in trees for name, _ in unit.files]
        return validator.complaints(trees[0][1], paths)
    return [line for _, tree in trees for line in validator.complaints(tree, ())]


def prove_alone(
    project: Path, combination: Combination, python_checks: tuple[str, ...], how: python.How
) -> Iterator[tuple[str, Outcome]]:
    """Yield what every check finds in a complete project, but of Python's these only."""
    every = files_of(project)
    for name, command in RUFF.items():
        yield name, Outcome(len(every), said([*command, "."], project))
    for validator, read in readers(every):
        complaints = validator.complaints(project, [project / name for name in read])
        yield validator.name, Outcome(len(read), complaints)
    deploy = combination.answers["deploy"]
    if deploy != "none":
        yield "target", Outcome(1, list(target_of(deploy).complaints(project)))
    if python_checks:
        database = combination.answers["database"]
        yield from python.prove(project, database, checks=python_checks, how=how)
