"""Processes that do the work, and end with the one that gave it to them, however that ends."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any

from proof import projects, reading, units
from proof.generation import user_settings
from proof.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from proof.matrix import Combination
    from proof.python import How
    from proof.units import Source, Unit

POSIX = os.name == "posix"


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
    """Generate a combination, or see it refused; return its files and what was found."""
    started = time.perf_counter()
    if combination.refused_because:
        with TemporaryDirectory() as scratch:
            outcome = projects.refuse(template, Path(scratch), combination)
        outcome.seconds = time.perf_counter() - started
        return {"files": {}, "found": {"refused": asdict(outcome)}}
    project = output / combination.id
    try:
        projects.make(template, project, combination.answers)
        contents = reading.contents(project)
        found = projects.look_at(contents, combination.answers)
    except Exception:  # noqa: BLE001 -- a template that is wrong breaks in any way
        outcome = Outcome(1, [traceback.format_exc()], time.perf_counter() - started)
        return {"files": {}, "found": {"generate": asdict(outcome)}}
    files = projects.digests(contents)
    found = {"generate": Outcome(len(files), seconds=time.perf_counter() - started), **found}
    return {"files": files, "found": {name: asdict(seen) for name, seen in found.items()}}


def prove(work: list[tuple[Unit, Source]]) -> list[tuple[Unit, str, dict[str, Any]]]:
    """Return check and outcome for each of some units."""
    return [(unit, check, asdict(outcome)) for unit, check, outcome in units.prove(work)]


def prove_alone(
    template: Path,
    combination: Combination,
    files: dict[str, str],
    python_checks: tuple[str, ...],
    how: How,
) -> dict[str, dict[str, Any]]:
    """Generate a combination by the command itself, and run the checks in the project."""
    found = {}
    with TemporaryDirectory() as scratch:
        started = time.perf_counter()
        project = by_command(template, Path(scratch), combination)
        outcome = Outcome(len(files), seconds=time.perf_counter() - started)
        contents = reading.contents(project)
        if projects.digests(contents) != files:
            outcome.complaints.append("the command does not generate the same")
        found["generate"] = outcome
        started = time.perf_counter()
        for name, seen in chain(
            projects.look_at(contents, combination.answers).items(),
            units.prove_alone(project, combination, python_checks, how),
        ):
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
        subprocess.run([*command, *options, *answers], check=True, stdout=subprocess.DEVNULL)
    (project,) = folder.iterdir()
    return project
