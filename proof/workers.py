"""Processes that do the work, and end with the one that gave it to them, however that ends."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any

from proof import projects, store, units
from proof.commands import run
from proof.generation import user_settings
from proof.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from proof.environments import How
    from proof.matrix import Combination
    from proof.units import Source, Unit

POSIX = os.name == "posix"


@dataclass(frozen=True)
class Alone:
    """A combination that is proven alone.

    Attributes:
        template: a clean copy of the template.
        combination: the combination.
        made: what was found when it was generated in a worker.
        told: what the checks of Python are told.
        checks: the names of the checks to do.
        how: how much is shared all the same.
    """

    template: Path
    combination: Combination
    made: dict[str, Any]
    told: dict[str, Any]
    checks: set[str]
    how: How


@contextmanager
def pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of workers; if the block or this process ends early, so do they."""
    spawn = multiprocessing.get_context("spawn")
    ends, held = spawn.Pipe(duplex=False)
    executor = ProcessPoolExecutor(jobs, spawn, _begin, (ends,))
    try:
        yield executor
        executor.shutdown()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        held.close()


def _begin(ends: Connection) -> None:
    """Make this process the first of a group, which ends when nobody holds the pipe."""
    logging.getLogger("cookiecutter").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if POSIX:
        os.setpgid(0, 0)

    def end_with_the_other() -> None:
        try:
            ends.recv()
        except EOFError:
            if POSIX:
                os.killpg(0, signal.SIGKILL)
            os._exit(1)

    Thread(target=end_with_the_other, daemon=True).start()


def timed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[float, Any]:
    """Return how many seconds a function took, and its result."""
    started = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - started, result


def make(template: Path, output: Path, combination: Combination) -> dict[str, Any]:
    """Generate a combination, or see it refused.

    Returns:
        The digests of its `files`, what its pages have `documented`, and what was `found`.
    """
    started = time.perf_counter()
    made: dict[str, Any] = {"files": {}, "documented": {}}
    if combination.refused_because:
        with TemporaryDirectory() as scratch:
            outcome = projects.refuse(template, Path(scratch), combination)
        outcome.seconds = time.perf_counter() - started
        return {**made, "found": {"refused": asdict(outcome)}}
    project = output / combination.id
    try:
        projects.make(template, project, combination.answers)
        made, found = projects.look_at(project, projects.full_answers(template, combination))
    except Exception:  # noqa: BLE001 -- a template that is wrong breaks in any way
        outcome = Outcome(1, [traceback.format_exc()], time.perf_counter() - started)
        return {**made, "found": {"generate": asdict(outcome)}}
    outcome = Outcome(len(made["files"]), seconds=time.perf_counter() - started)
    found = {"generate": outcome, **found}
    return {**made, "found": {name: asdict(seen) for name, seen in found.items()}}


def prove(work: list[tuple[Unit, Source]]) -> list[tuple[Unit, str, dict[str, Any]]]:
    """Return check and outcome for each of some units."""
    return [(unit, check, asdict(outcome)) for unit, check, outcome in units.prove(work)]


def prove_alone(work: Alone) -> dict[str, dict[str, Any]]:
    """Generate a combination by the command itself, and run the checks in the project."""
    with TemporaryDirectory() as scratch:
        started = time.perf_counter()
        project = by_command(work.template, Path(scratch), work.combination)
        answers = projects.full_answers(work.template, work.combination)
        same, looks = projects.look_at(project, answers)
        outcome = Outcome(len(work.made["files"]), seconds=time.perf_counter() - started)
        if store.digest(same) != store.digest({key: work.made[key] for key in same}):
            outcome.complaints.append("the command does not generate the same")
        found = {"generate": outcome, **looks}
        started = time.perf_counter()
        for name, seen in units.prove_alone(project, work):
            seen.seconds = seen.seconds or time.perf_counter() - started
            found[name] = seen
            started = time.perf_counter()
    return {name: asdict(seen) for name, seen in found.items()}


def by_command(template: Path, folder: Path, combination: Combination) -> Path:
    """Generate a combination as a user does."""
    with user_settings() as settings:
        command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input"]
        options = ["--config-file", str(settings), "--output-dir", str(folder)]
        answers = [f"{question}={answer}" for question, answer in combination.answers.items()]
        run([*command, *options, *answers], folder)
    (project,) = folder.iterdir()
    return project
