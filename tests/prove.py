"""Prove one combination: generate its service and run all that its owner would run.

    python -m tests.prove flask-jwt-compose-postgresql-github [--unshared]

Combinations that differ in deployment files only have the same Python sources. What a
check of these can read is laid into a tree of its own, so that the result holds for every
combination with the same tree: it is computed once, and kept under the tree's digest. To
keep that honest, a few combinations, others for each version of the template, share nothing.

A record of the proof is kept for `tests.proof`, which counts them.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cookiecutter.exceptions import FailedHookException

from tests import matrix, postgres, redis_server
from tests.generation import copy_template, generate
from tests.leftovers import leftovers
from tests.proof import RECORDS, record_of
from tests.reading import read_project
from tests.serving import serves
from tests.validators import refused_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.matrix import Combination

# What the project's tools would take for theirs.
OURS = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH"}

# What the checks of Python can read; packaging wants a README too, but not its text.
PYTHON_FILES = [
    "src",
    "tests",
    "migrations",
    "pyproject.toml",
    "alembic.ini",
    ".python-version",
    ".env.example",
]

RUFF = {
    "ruff": ["ruff", "check"],
    "format": ["ruff", "format", "--check"],
}
IN_ENVIRONMENT = ["uv", "run", "--no-sync"]
PYTHON_CHECKS = {
    "sync": ["uv", "sync", "--quiet", "--locked"],
    "mypy": [*IN_ENVIRONMENT, "mypy"],
    "layers": [*IN_ENVIRONMENT, "lint-imports", "--no-logo"],
    "tests": [*IN_ENVIRONMENT, "pytest", "--quiet"],
}

SAMPLE = 4


def checks(combination: Combination, scratch: Path, *, unshared: bool) -> Iterator[tuple[str, str]]:
    """Yield each check of a combination, in order, and its result."""
    template = copy_template(scratch / "template")
    output = scratch / "projects"
    if combination.refused_because:
        yield "refused", held(is_refused(template, output, combination))
        return
    project = generate(template, output, combination.answers)
    yield "generate", "held"
    yield "leftovers", held(no_lines(leftovers(project, combination.answers)))
    yield "parse", held(bool(read_project(project)))
    yield "files", held(no_lines(refused_by(project)))
    with project_environment(combination) as environment:
        for name, command in RUFF.items():
            yield name, held(succeeds(command, project, environment))
        tree = project if unshared else python_tree(project, scratch / "python")
        yield "lock", held(succeeds(["uv", "lock", "--quiet"], tree, environment))
        shared = RECORDS / f"{digest(tree, environment)}.json"
        if shared.exists() and not unshared:
            yield from ((name, "shared") for name in json.loads(shared.read_text("utf-8")))
            return
        results = {}
        for name, command in PYTHON_CHECKS.items():
            results[name] = held(succeeds(command, tree, environment))
            yield name, results[name]
        results["serve"] = held(serves(tree, environment))
        yield "serve", results["serve"]
        if set(results.values()) == {"held"} and not unshared:
            write(shared, list(results))


def held(outcome: bool) -> str:  # noqa: FBT001 -- it is named by what it tells
    """Return how an outcome is reported."""
    return "held" if outcome else "FAILED"


def python_tree(project: Path, tree: Path) -> Path:
    """Copy what the checks of Python can read, and return the copy."""
    tree.mkdir()
    for name in PYTHON_FILES:
        source = project / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
    (tree / "README.md").touch()
    return tree


def digest(tree: Path, environment: dict[str, str]) -> str:
    """Return a fingerprint of a tree, its lock file included, and of the interpreter."""
    fingerprint = hashlib.sha256(environment["UV_PYTHON"].encode())
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        fingerprint.update(path.relative_to(tree).as_posix().encode() + b"\0")
        fingerprint.update(path.read_bytes() + b"\0")
    return fingerprint.hexdigest()


def sample(combinations: list[Combination]) -> set[str]:
    """Return the combinations that share nothing, drawn anew for each version of the template."""
    draw = random.Random(matrix.digest())  # noqa: S311 -- anybody may know
    return {c.id for c in draw.sample(combinations, min(SAMPLE, len(combinations)))}


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
    """Yield the environment to run a project in, with the servers that its tests want."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment["UV_PYTHON"] = interpreter()
    with ExitStack() as servers:
        if url := servers.enter_context(redis_server.server()):
            environment["TEST_REDIS_URL"] = url
        if combination.answers["database"] == "postgresql":
            if url := servers.enter_context(postgres.fresh_database()):
                environment |= {"TEST_DATABASE_URL": url, "CI": "true"}
            elif "CI" in environment:
                sys.exit("PostgreSQL services are proven on PostgreSQL, and here is none.")
        yield environment


def interpreter() -> str:
    """Return the Python that a project asks for, or else one that it supports."""
    asked: str = matrix.read_questions()["python_version"][0]
    found = subprocess.run(["uv", "python", "find", asked], check=False, capture_output=True)
    return asked if found.returncode == 0 else ">=3.12"


def write(path: Path, content: object) -> None:
    """Write JSON whole or not at all: another process may read or write the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def main(name: str, *options: str) -> None:
    """Run every check of the combination of that name; fail if one did not hold."""
    combinations = matrix.product(matrix.read_questions())
    combination = next(c for c in combinations if c.id == name)
    unshared = "--unshared" in options or name in sample(combinations)
    record = record_of(name)
    record.unlink(missing_ok=True)
    results: dict[str, str] = {}
    failed: list[str] = []
    start = time.perf_counter()
    with TemporaryDirectory() as scratch:
        for check, result in checks(combination, Path(scratch), unshared=unshared):
            seconds = f"{time.perf_counter() - start:.1f}"
            results[check] = seconds if result == "held" else result
            print(f"{check}: {result}, {seconds} s", flush=True)
            if result == "FAILED":
                failed.append(check)
            start = time.perf_counter()
    if failed:
        sys.exit(f"{name} is not proven: {', '.join(failed)}")
    write(record, {"combination": name, "template": matrix.digest(), "results": results})


if __name__ == "__main__":
    main(*sys.argv[1:])
