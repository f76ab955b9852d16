"""Units of checks that are shared by combinations with the same files."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from proof import ledger, plumbing, python, store, surroundings
from proof.outcome import Outcome, timed
from proof.precommit import texts_refused
from proof.projects import LOOKS, make
from proof.targets import target_of
from proof.validators import VALIDATORS, files_of, readers, wanted_by

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from proof.matrix import Combination
    from proof.validators import Validator
    from proof.workers import Alone

# All checks that can be chosen, in the order of the table.
CHECKS = ("generate", *LOOKS, *(v.name for v in VALIDATORS), "target", *python.ALL_CHECKS)

# All but what a target has no business in; how many requests the server takes is one.
TARGET_READS = re.compile(
    r"^(?!(src(?!/app/core/server\.py)|tests|migrations|docs|\.github)/"
    r"|\.gitlab|README\.md|AGENTS\.md|LICENSE|uv\.lock)"
)

# What these find depends on the servers, programs and interpreters of the machine, too.
READ_THE_MACHINE = {"target", *python.UNITS}

HOOKS = ".pre-commit-config.yaml"
SETTINGS = "pyproject.toml"  # the formatter of code in Markdown reads it


@dataclass(frozen=True)
class Unit:
    """Files, and the checks that read these and nothing else.

    Attributes:
        kind: `python` for checks that want the environment, `text` for hooks that read any
            text, else the check's name.
        files: pairs of path and digest.
        told: what else the checks are told, as JSON.
        checks: the names of the checks.
    """

    kind: str
    files: tuple[tuple[str, str], ...]
    told: str = ""
    checks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the fingerprint of all that decides the result."""
        machine = surroundings.found() if self.kind in READ_THE_MACHINE else {}
        return store.digest(store.tools(), machine, self.kind, self.files, self.told, self.checks)


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


def expected(combination: Combination, facts: Collection[str]) -> list[str]:
    """Return the checks that a combination must have passed to be proven."""
    if combination.refused_because:
        return ["refused"]
    has_target = combination.answers["deploy"] != "none"
    needed = {"generate", *LOOKS, *wanted_by(facts), "pre-commit"}
    needed |= {"target"} if has_target else set()
    if combination.whole:
        needed |= set(python.ALL_CHECKS)
        needed -= set() if plumbing.wanted(combination.answers) else {"plumbing"}
    return [check for check in CHECKS if check in needed]


def told_of(
    combination: Combination, facts: Collection[str], documented: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the checks of Python are told of a combination."""
    return {
        "database": combination.answers["database"],
        "tests": ledger.count_tests(combination.answers),
        "documented": documented,
        "recipes": documented["recipes"],
        "plumbing": plumbing.told_of(combination.answers, facts),
    }


def units_of(
    combination: Combination,
    facts: Collection[str],
    files: Mapping[str, str],
    documented: Mapping[str, Any],
) -> Iterator[Unit]:
    """Yield the units of a combination: together they are all that is expected of it."""
    of_python = python.files_of(files)
    hooks = ((HOOKS, files[HOOKS]),)
    for file in files.items():
        if not file[0].startswith(python.FILES):
            settings = ((SETTINGS, files[SETTINGS]),) if file[0].endswith(".md") else ()
            yield Unit("text", (file, *hooks, *settings), checks=("pre-commit",))
    read = dict(readers(files))
    wanted = wanted_by(facts)
    for validator in VALIDATORS:
        those = tuple((name, files[name]) for name in read.get(validator, ()))
        each = [(file,) for file in those] if validator.command else [those]
        if those or validator.name in wanted:
            for some in each or [()]:
                yield Unit(validator.name, some, checks=(validator.name,))
    if combination.answers["deploy"] != "none":
        told = combination.answers["deploy"]
        those = tuple(file for file in files.items() if TARGET_READS.search(file[0]))
        yield Unit("target", those, told, ("target",))
    if combination.whole:
        told_all = told_of(combination, facts, documented)
        needed = expected(combination, facts)
        for kind, (checks, keys) in python.UNITS.items():
            if its := tuple(check for check in checks if check in needed):
                told = json.dumps({key: told_all[key] for key in keys})
                yield Unit(kind, of_python, told, its)


def prove(work: list[tuple[Unit, Source]]) -> Iterator[tuple[Unit, str, Outcome]]:
    """Yield what was found for units of one kind, each in a tree that holds nothing else."""
    with TemporaryDirectory() as scratch:
        trees = []
        for number, (unit, source) in enumerate(work):
            tree = Path(scratch, str(number))
            lay(unit, source.project(), tree)
            trees.append((unit, tree))
        if work[0][0].kind in python.UNITS:
            for unit, tree in trees:
                (tree / "README.md").touch()
                for name, outcome in python.prove(tree, json.loads(unit.told), unit.checks):
                    yield unit, name, outcome
        else:
            yield from _prove(trees)


def _prove(trees: list[tuple[Unit, Path]]) -> Iterator[tuple[Unit, str, Outcome]]:
    """Yield what a check finds: in all trees at once, in halves of them if it finds something."""
    outcome = timed(lambda: Outcome(1, complaints(trees)))
    outcome.seconds /= len(trees)
    (check,) = trees[0][0].checks
    if len(trees) > 1 and not outcome.held:
        middle = len(trees) // 2
        yield from _prove(trees[:middle])
        yield from _prove(trees[middle:])
        return
    for unit, _ in trees:
        looked_at = len(unit.files) if unit.kind != "text" else 1
        yield unit, check, Outcome(looked_at, outcome.complaints, outcome.seconds, outcome.missing)


def lay(unit: Unit, project: Path, tree: Path) -> None:
    """Copy a unit's files into a tree of their own."""
    tree.mkdir()
    for name, _ in unit.files:
        copy = tree / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project / name, copy)


def complaints(trees: list[tuple[Unit, Path]]) -> list[str]:
    """Return what a check has to say of the files in some trees."""
    (first, tree), *_ = trees
    if first.kind == "text":
        return refused_by_hooks(tree.parent, trees)
    if first.kind == "target":
        return [line for unit, tree in trees for line in target_of(unit.told).complaints(tree)]
    (validator,) = (validator for validator in VALIDATORS if validator.name == first.kind)
    if validator.command:
        paths = [tree / name for unit, tree in trees for name, _ in unit.files]
        return validator.complaints(tree, paths) if paths else []
    return [line for _, tree in trees for line in validator.complaints(tree, ())]


def refused_by_hooks(folder: Path, trees: list[tuple[Unit, Path]]) -> list[str]:
    """Return what the hooks do not accept; trees with other hooks are looked at in turn."""
    said = []
    for hooks in {unit.files[1] for unit, _ in trees}:
        some = [(unit, tree) for unit, tree in trees if unit.files[1] == hooks]
        files = [f"{tree.name}/{unit.files[0][0]}" for unit, tree in some]
        shutil.copy(some[0][1] / HOOKS, folder)
        said += texts_refused(folder, files)
    return said


def validated(validator: Validator, project: Path, read: list[str]) -> Outcome:
    """Return what a validator finds in files of a project."""
    return Outcome(len(read), validator.complaints(project, [project / name for name in read]))


def prove_alone(project: Path, work: Alone) -> Iterator[tuple[str, Outcome]]:
    """Yield what checks find in a complete project.

    Where what the checks of Python find is known already, `text` stands for them: hooks read
    the other files.
    """
    every = files_of(project)
    for validator, read in readers(every):
        if validator.name in work.checks:
            yield validator.name, timed(partial(validated, validator, project, read))
    if "target" in work.checks:
        target = target_of(work.combination.answers["deploy"])
        yield "target", timed(lambda: Outcome(1, list(target.complaints(project))))
    of_python = tuple(check for check in python.ALL_CHECKS if check in work.checks)
    if of_python:
        yield from python.prove(project, work.told, of_python, work.how)
    if "text" in work.checks:
        texts = [name for name in every if not name.startswith(python.FILES) and name != ".env"]
        yield "pre-commit", timed(lambda: Outcome(len(texts), texts_refused(project, texts)))
