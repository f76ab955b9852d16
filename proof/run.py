"""A run: generate, prove what is distinct, prove a sample alone, report."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from proof import matrix, python, store, surroundings, workers
from proof.inputs import Template
from proof.outcome import Outcome
from proof.progress import Progress
from proof.projects import LOOKS
from proof.report import FAILED, HERE, KEPT, SHARED, WEIGHT, Cell, Report
from proof.units import CHECKS, Source, Unit, expected, told_of, units_of
from proof.workers import Alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future, ProcessPoolExecutor
    from pathlib import Path

    from proof.environments import How
    from proof.matrix import Combination

# How long parts took in earlier runs, and what is thought of those not seen yet, in seconds.
DURATIONS = "durations"
GUESS = 1.0
GUESS_OF_MODULE = 0.2  # on each database

# As many units of one kind go into one call.
BATCH = 24
BATCH_OF = {"text": 150, **dict.fromkeys(python.UNITS, 1)}


@dataclass(frozen=True)
class Part:
    """Something for a worker to do.

    Attributes:
        name: what it is, for people, and the same in the next run.
        function: of `proof.workers`.
        arguments: its arguments.
        key: under which the result may be kept.
        guess: how many seconds it may take.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    key: str = ""
    guess: float = GUESS


@dataclass
class Wanted:
    """What a run is asked to do.

    Attributes:
        combinations: what to prove.
        alone: how many of them share nothing; all of them where nothing is to be shared.
        shared: whether anything is to be shared.
        seed: draws these; by default the template's base does.
        jobs: how much runs at the same time.
        checks: the names of the checks to do; all by default.
    """

    combinations: list[Combination]
    alone: int = 5
    shared: bool = True
    seed: str | None = None
    jobs: int = (os.cpu_count() or 1) + 1  # they wait, too: for servers, and for each other
    checks: tuple[str, ...] = ()


class Run:
    """One run over some combinations of a template."""

    def __init__(self, wanted: Wanted, folder: Path, scratch: Path) -> None:
        self._wanted = wanted
        self._how: How = "alone" if wanted.shared else "unshared"
        self._template = Template(folder)
        self._projects = scratch / "projects"
        self._projects.mkdir()
        self._made: dict[str, dict[str, Any]] = {}
        self._progress = Progress(wanted.jobs)
        self._durations: dict[str, float] = store.read(DURATIONS) or {}
        questions = matrix.read_questions(folder)
        not_run = {c.id: why for c in wanted.combinations if (why := lacks_python(c))}
        self._combinations = [c for c in wanted.combinations if c.id not in not_run]
        self.report = Report(
            template=self._template.fingerprint,
            product=len(matrix.product(questions)),
            selected=[combination.id for combination in wanted.combinations],
            variants=[c.id for c in wanted.combinations if c.variant],
            checks=list(wanted.checks),
            expected={c.id: expected(c, self._template.facts(c)) for c in wanted.combinations},
            not_run=not_run,
        )

    def prove(self) -> Report:
        """Prove everything and return the report."""
        started = time.monotonic()
        wanted = self._wanted
        try:
            with workers.pool(wanted.jobs) as pool:
                self._make(pool)
                alone = self._drawn()
                self.report.alone = [combination.id for combination in alone]
                self._prove(pool, alone, self._checks())
        finally:
            self._template.keep_facts()
            store.keep(DURATIONS, self._durations)
        self.report.seconds = time.monotonic() - started
        return self.report

    def _checks(self) -> set[str]:
        """Return the checks to do, besides those that every generated project is put to."""
        return set(self._wanted.checks or CHECKS) - {"generate", *LOOKS}

    def _drawn(self) -> list[Combination]:
        """Return the combinations that share nothing: others for another base or seed."""
        possible = [c for c in self._combinations if not c.refused_because]
        if not self._wanted.shared:
            return possible
        possible = [c for c in possible if not c.variant]
        seed = self._wanted.seed or self._template.mechanism[:12]
        count = min(self._wanted.alone, len(possible))
        self._progress.say(f"{count} combinations share nothing; drawn with --seed {seed}")
        random.Random(seed).shuffle(possible)  # noqa: S311 -- anybody may know
        turns: Counter[tuple[str, ...]] = Counter()

        def turn(combination: Combination) -> int:
            tree = self._template.tree(combination)
            turns[tree] += 1
            return turns[tree]

        return sorted(possible, key=turn)[:count]  # one of each tree before any second one

    def _make(self, pool: ProcessPoolExecutor) -> None:
        """Generate what has changed, or find it refused."""
        missing = []
        for combination in self._combinations:
            key = store.digest("make", self._template.key(combination))
            if kept := store.read(key):
                self._note_made(combination, kept, KEPT)
            else:
                arguments = (self._template.folder, self._projects, combination)
                missing.append(Part(f"make {combination.id}", workers.make, arguments, key))
        for part, made in self._results(pool, "generate", missing):
            (*_, combination) = part.arguments
            if self._note_made(combination, made, HERE):
                store.keep(part.key, made)

    def _note_made(self, combination: Combination, made: dict[str, Any], how: str) -> bool:
        """Note what was found in a generated project; return whether all held."""
        self._made[combination.id] = made
        held = True
        if (wrong := self._template.wrong_modes(combination)) and made["files"]:
            held = self._note("modes", [combination.id], Outcome(1, wrong), HERE)
        for check, found in made["found"].items():
            outcome = Outcome(**found)
            held = self._note(check, [combination.id], outcome, how) and held
        if combination.refused_because:
            self.report.proven.pop(combination.id, None)
            self.report.refused[combination.id] = combination.refused_because
        return held

    def _prove(self, pool: ProcessPoolExecutor, alone: list[Combination], checks: set[str]) -> None:
        """Prove each distinct unit once, and the chosen combinations alone."""
        holders = self._holders(checks) if self._wanted.shared else {}
        answers = {c.id: c.answers for c in self._combinations}
        work = []
        for unit, names in holders.items():
            kept = store.read(unit.key)
            if kept is None:
                (first, *_) = names
                folder = self._projects / first
                work.append((unit, Source(self._template.folder, folder, answers[first])))
                continue
            for check, outcome in kept.items():
                self._note(check, names, Outcome(**outcome), KEPT)
        found: dict[Unit, dict[str, Any]] = {}
        parts = [*batches(work), *self._alone(alone, checks)]
        for part, results in self._results(pool, "prove", parts):
            if part.function is workers.prove_alone:
                self._note_alone(part, results)
                continue
            for unit, check, outcome in results:
                found.setdefault(unit, {})[check] = outcome
                self._note(check, holders[unit], Outcome(**outcome), HERE)
                if found[unit].keys() == set(unit.checks) and held(found[unit]):
                    store.keep(unit.key, found[unit])

    def _holders(self, checks: set[str]) -> dict[Unit, list[str]]:
        """Return the combinations that have each unit, with those of its checks that are wanted."""
        holders: dict[Unit, list[str]] = {}
        for combination in self._combinations:
            made = self._made[combination.id]
            if combination.refused_because or not made["files"]:
                continue
            facts = self._template.facts(combination)
            for unit in units_of(combination, facts, made["files"], made["documented"]):
                if some := tuple(check for check in unit.checks if check in checks):
                    holders.setdefault(replace(unit, checks=some), []).append(combination.id)
        return holders

    def _alone(self, combinations: list[Combination], checks: set[str]) -> Iterator[Part]:
        """Yield the work for combinations that share nothing and are not known yet.

        What takes long, the checks of Python, is known until the base or any of the files
        changes that these read; all else, until anything does.
        """
        for combination in combinations:
            made = self._made[combination.id]
            if not made["files"]:
                continue
            facts = self._template.facts(combination)
            told = told_of(combination, facts, made["documented"])
            key, python_key = alone_keys(self._template, combination, made, told, self._how)
            of_python = (not self._wanted.checks and store.read(python_key)) or {}
            rest = (of_python and store.read(key)) or {}
            for check, found in {**of_python, **rest}.items():
                self._note(check, [combination.id], Outcome(**found), KEPT)
            if rest:
                continue
            wanted = checks & set(self.report.expected[combination.id])
            if of_python:
                wanted = wanted - set(python.ALL_CHECKS) | {"text"}
            work = Alone(self._template.folder, combination, made, told, wanted, self._how)
            guess = guess_of_python(made["files"], combination.answers["database"])
            name = f"alone {combination.id}"
            yield Part(name, workers.prove_alone, (work,), key, GUESS if of_python else guess)

    def _note_alone(self, part: Part, results: dict[str, dict[str, Any]]) -> None:
        (work,) = part.arguments
        combination = work.combination
        held = [
            self._note(check, [combination.id], Outcome(**found), HERE, alone=True)
            for check, found in results.items()
        ]
        if all(held) and not self._wanted.checks:
            known = set() if "text" in work.checks else set(python.ALL_CHECKS) & results.keys()
            of_python = {check: results.pop(check) for check in known}
            store.keep(part.key, results)
            if of_python:
                _, python_key = alone_keys(
                    self._template, combination, work.made, work.told, work.how
                )
                store.keep(python_key, of_python)

    def _note(
        self, check: str, names: list[str], outcome: Outcome, how: str, *, alone: bool = False
    ) -> bool:
        """Note an outcome for all combinations that it holds for; say at once if it is bad."""
        if not self._is_wanted(check):
            return outcome.held
        for number, name in enumerate(names):
            cell = self.report.proven.setdefault(name, {}).setdefault(check, Cell(KEPT))
            now = SHARED if how == HERE and number else how
            cell.how = max(cell.how, now if outcome.held else FAILED, key=WEIGHT.index)
            cell.executed += outcome.executed
            cell.seconds += outcome.seconds if now == HERE else 0.0
            if not outcome.held:
                self.report.failures.append(
                    {
                        "combination": name,
                        "check": check,
                        "why": "\n".join(outcome.why()),
                        "again": again(name, check, alone=alone),
                    }
                )
        if not outcome.held:
            self._tell_failure(check, names, outcome, alone=alone)
        return outcome.held

    def _is_wanted(self, check: str) -> bool:
        """Return whether a check was asked for; that nothing can be generated is told always."""
        return not self._wanted.checks or check in {*self._wanted.checks, "generate", "refused"}

    def _tell_failure(self, check: str, names: list[str], outcome: Outcome, *, alone: bool) -> None:
        others = f" and {len(names) - 1} more with the same files" if names[1:] else ""
        where = " (alone)" if alone else ""
        lines = [f"FAILED {check}{where}: {names[0]}{others}", *outcome.why()]
        lines.append(f"  again: {again(names[0], check, alone=alone)}\n")
        self._progress.say("\n".join(lines))

    def _results(
        self, pool: ProcessPoolExecutor, what: str, parts: list[Part]
    ) -> Iterator[tuple[Part, Any]]:
        """Do the parts, what takes longest first; yield each with its result when done."""
        if not parts:
            return
        expected = {part.name: self._durations.get(part.name, part.guess) for part in parts}
        self._progress.begin(what, list(expected.values()))
        futures: dict[Future[Any], Part] = {}
        for part in sorted(parts, key=lambda part: -expected[part.name]):
            futures[pool.submit(workers.timed, part.function, part.arguments)] = part
        for future in as_completed(futures):
            part = futures[future]
            seconds, result = future.result()
            self._durations[part.name] = round(seconds, 2)
            self._progress.finish(expected[part.name], part.name)
            yield part, result


def lacks_python(combination: Combination) -> str | None:
    """Return why this machine cannot run a variant, which is about an interpreter."""
    version = combination.answers.get("python_version")
    if version and combination.whole and surroundings.missing([f"python{version}"]):
        return f"there is no Python {version} on this machine"
    return None


def again(name: str, check: str, *, alone: bool) -> str:
    """Return the command that repeats one check of one combination."""
    if alone:
        return f'nox -s "service({name})" -- --check {check}'
    return f"nox -s matrix -- {name} --check {check}"


def alone_keys(
    template: Template,
    combination: Combination,
    made: Mapping[str, Any],
    told: Mapping[str, Any],
    how: How,
) -> tuple[str, str]:
    """Return the keys of what is found in a complete project: by all checks, by Python's."""
    everything = (combination.id, how, told, store.tools(), surroundings.found())
    return (
        store.digest("alone", template.key(combination), *everything),
        store.digest(
            "alone python", template.mechanism, python.files_of(made["files"]), *everything
        ),
    )


def held(outcomes: dict[str, Any]) -> bool:
    """Return whether every outcome is as it should be."""
    return all(Outcome(**outcome).held for outcome in outcomes.values())


def batches(work: list[tuple[Unit, Source]]) -> Iterator[Part]:
    """Yield parts: a tree of Python by itself, what is small in batches of one kind."""
    by_kind: dict[str, list[tuple[Unit, Source]]] = {}
    for unit, source in work:
        told = unit.told if unit.kind == "target" else ""
        by_kind.setdefault(f"{unit.kind} {told}".strip(), []).append((unit, source))
    for name, wanted in by_kind.items():
        kind = wanted[0][0].kind
        size = BATCH_OF.get(kind, BATCH)
        for number in range(0, len(wanted), size):
            some = wanted[number : number + size]
            (unit, source), *_ = some
            guess = guess_of_python(dict(unit.files), unit.told) if kind == "python" else GUESS
            yield Part(f"{name} {source.folder.name}", workers.prove, (some,), guess=guess)


def guess_of_python(files: Iterable[str], database: str) -> float:
    """Return how many seconds the checks of these may take."""
    modules = sum(name.endswith(".py") for name in files)
    return modules * GUESS_OF_MODULE * (2 if "postgresql" in database else 1)
