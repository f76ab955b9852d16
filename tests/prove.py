"""Prove one combination: generate its service and run all that its owner would run.

    python -m tests.prove flask-jwt-compose-postgresql-github

A record of the proof is kept for `tests.proof`, which counts them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cookiecutter.exceptions import FailedHookException

from tests import matrix, postgres
from tests.generation import copy_template, generate
from tests.leftovers import leftovers
from tests.proof import record_of
from tests.reading import read_project
from tests.serving import serves
from tests.validators import refused_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.matrix import Combination

# What the project's tools would take for theirs.
OURS = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH"}

COMMANDS = {
    "sync": ["uv", "sync", "--quiet"],
    "ruff": ["uv", "run", "--no-sync", "ruff", "check"],
    "format": ["uv", "run", "--no-sync", "ruff", "format", "--check"],
    "mypy": ["uv", "run", "--no-sync", "mypy"],
    "layers": ["uv", "run", "--no-sync", "lint-imports", "--no-logo"],
    "tests": ["uv", "run", "--no-sync", "pytest", "--quiet"],
}


def checks(combination: Combination, scratch: Path) -> Iterator[tuple[str, bool]]:
    """Yield each check of a combination, in order, and whether it held."""
    template = copy_template(scratch / "template")
    output = scratch / "projects"
    if combination.refused_because:
        yield "refused", is_refused(template, output, combination)
        return
    project = generate(template, output, combination.answers)
    yield "generate", True
    yield "leftovers", no_lines(leftovers(project, combination.answers))
    yield "parse", bool(read_project(project))
    yield "files", no_lines(refused_by(project))
    with project_environment(combination) as environment:
        for name, command in COMMANDS.items():
            yield name, succeeds(command, project, environment)
        yield "serve", serves(project, environment)


def is_refused(template: Path, output: Path, combination: Combination) -> bool:
    """Return whether the hook refuses the combination and leaves nothing behind."""
    try:
        generate(template, output, combination.answers)
    except FailedHookException:
        return not list(output.iterdir())
    return False


def no_lines(lines: Iterable[str]) -> bool:
    """Print the lines and return whether there are none."""
    found = list(lines)
    for line in found:
        print(line)
    return not found


def succeeds(command: list[str], folder: Path, environment: dict[str, str]) -> bool:
    """Run a command in a folder and return whether it succeeded."""
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode == 0


@contextmanager
def project_environment(combination: Combination) -> Iterator[dict[str, str]]:
    """Yield the environment to run a project in, with a database where it wants one."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment["UV_PYTHON"] = interpreter()
    if combination.answers["database"] != "postgresql":
        yield environment
        return
    with postgres.fresh_database() as url:
        if url:
            environment |= {"TEST_DATABASE_URL": url, "CI": "true"}
        elif "CI" in environment:
            sys.exit("PostgreSQL services are proven on PostgreSQL, and here is none.")
        yield environment


def interpreter() -> str:
    """Return the Python that a project asks for, or else one that it supports."""
    asked: str = matrix.read_questions()["python_version"][0]
    found = subprocess.run(
        ["uv", "python", "find", "--system", asked], check=False, capture_output=True
    )
    return asked if found.returncode == 0 else ">=3.12"


def main(name: str) -> None:
    """Run every check of the combination of that name; fail if one did not hold."""
    combination = next(c for c in matrix.product(matrix.read_questions()) if c.id == name)
    record = record_of(name)
    record.unlink(missing_ok=True)
    template = matrix.digest()
    seconds: dict[str, float] = {}
    failed: list[str] = []
    start = time.perf_counter()
    with TemporaryDirectory() as scratch:
        for check, held in checks(combination, Path(scratch)):
            seconds[check] = round(time.perf_counter() - start, 2)
            print(f"{check}: {'held' if held else 'FAILED'}, {seconds[check]} s", flush=True)
            if not held:
                failed.append(check)
            start = time.perf_counter()
    if failed:
        sys.exit(f"{name} is not proven: {', '.join(failed)}")
    record.parent.mkdir(parents=True, exist_ok=True)
    proof = {"combination": name, "template": template, "seconds": seconds}
    record.write_text(json.dumps(proof, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
