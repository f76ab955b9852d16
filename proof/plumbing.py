"""Tests of the plumbing, which owners do not get: laid over a service, run, and taken away.

They are in `proof/owner/` as the template's own files are in theirs: a base, and a folder of
`_options/` for each condition. The hook that lays the options of a service lays these, too.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from proof import ledger, matrix, store
from proof.commands import run
from proof.generation import context, load_hook
from proof.outcome import Outcome, counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from types import ModuleType

    from proof.environments import How

OWNER = matrix.OWNER
OPTIONS = OWNER / "_options"

# Tests that depend on no kind of auth run with this one at each change, and with all every night.
ONE_KIND = "none"
OF_AUTH = ("auth=", "authenticated=")  # the conditions of those that do

# The least share of statements and branches that all tests of a service reach together.
BRANCHES = 95

GATES = ("ruff check", "ruff format --check", "mypy")


@dataclass(frozen=True)
class Laid:
    """Modules of tests that were laid over a service.

    Attributes:
        common: those that depend on no kind of auth.
        auth: those of the service's kind.
    """

    common: list[str]
    auth: list[str]


@cache
def hook() -> ModuleType:
    """Return the hook that lays options."""
    return load_hook(matrix.ROOT, "post_gen_project", context(matrix.ROOT))


def told_of(answers: Mapping[str, str], facts: Collection[str]) -> dict[str, Any]:
    """Return what the check is told of a combination.

    Returns:
        `facts`, those that decide what is laid; `sources`, a digest of that; and `common` and
        `auth`, how many tests there must be.
    """
    deciding = {"async=no", f"auth={ONE_KIND}"}.union(*map(implied, OPTIONS.iterdir()))
    known = deciding & set(facts)
    return {
        "facts": sorted(known),
        "sources": digest_of_laid(frozenset(known)),
        "common": ledger.count_tests(answers, "common"),
        "auth": ledger.count_tests(answers, "auth"),
    }


@cache
def digest_of_laid(facts: frozenset[str]) -> str:
    """Return the digest of the files that are laid over a service with these facts."""
    folders = [folder for folder in OPTIONS.iterdir() if implied(folder) <= facts]
    files = [path for place in (OWNER / "tests", *folders) for path in place.rglob("*.py")]
    return store.digest_of_files(files, OWNER)


def wanted(answers: Mapping[str, str]) -> bool:
    """Return whether a combination has such tests at each change."""
    return answers["auth"] == ONE_KIND or ledger.count_tests(answers, "auth") > 0


def implied(folder: Path) -> set[str]:
    """Return the condition that a folder is named for, and what follows from it."""
    return set().union(*map(hook().implied, folder.name.split(",")))


def prove(tree: Path, environment: Mapping[str, str], told: Mapping[str, Any], how: How) -> Outcome:
    """Run the tests in a service: those that are its kind's, or all where little is shared.

    Where nothing is shared, they run with the owner's, and branches are measured.

    Args:
        tree: the service, a git repository, its environment installed in `.venv`.
        environment: what commands see, the servers that tests want among it.
        told: see `told_of`; `tests`, how many the owner has.
        how: how much is shared.
    """
    laying = told["plumbing"]
    common = how != "shared" or f"auth={ONE_KIND}" in laying["facts"]
    expected = laying["auth"] + (laying["common"] if common else 0)
    with laid(tree, laying["facts"]) as modules:
        for gate in GATES if how != "shared" else ():
            run(["uv", "run", *gate.split()], tree, environment)
        pytest = ["uv", "run", "pytest", "--quiet"]
        if how == "unshared":
            with TemporaryDirectory() as scratch:
                config = f"--cov-config={tracing(tree, Path(scratch), laying['facts'])}"
                measured = [config, "--cov-branch", f"--cov-fail-under={BRANCHES}"]
                output = run([*pytest, *measured], tree, environment)
            return counted(output, expected + told["tests"])
        chosen = [*modules.auth, *(modules.common if common else ())]
        if not chosen:
            return Outcome(0)
        return counted(run([*pytest, "--no-cov", *chosen], tree, environment), expected)


def tracing(tree: Path, folder: Path, facts: Collection[str]) -> Path:
    """Write the service's configuration of coverage.py to a folder, with a trace function.

    Unlike `sys.monitoring`, that counts branches on every Python, and has to be told of the
    greenlets in which SQLAlchemy awaits.
    """
    text = (tree / "pyproject.toml").read_text(encoding="utf-8")
    traced = 'core = "ctrace"'
    if "async=no" not in facts:
        traced += '\nconcurrency = ["greenlet", "thread"]'
    config = folder / "pyproject.toml"
    config.write_text(text.replace('core = "sysmon"', traced), encoding="utf-8")
    return config


@contextmanager
def laid(tree: Path, facts: Collection[str]) -> Iterator[Laid]:
    """Lay the tests over a service within the block.

    Args:
        tree: the service.
        facts: its facts, which decide the folders that are laid.

    Raises:
        FileExistsError: the service has a file of that name.
    """
    of_auth = {
        path.relative_to(folder).as_posix()
        for folder in OPTIONS.iterdir()
        if folder.name.startswith(OF_AUTH) and implied(folder) <= set(facts)
        for path in folder.rglob("*.py")
    }
    with TemporaryDirectory() as scratch:
        tests = Path(scratch, "laid")
        shutil.copytree(OWNER, tests, ignore=shutil.ignore_patterns("__pycache__"))
        hook().lay_options(tests, set(facts))
        if "async=no" in facts:
            hook().make_synchronous(tests)
        names = sorted(p.relative_to(tests).as_posix() for p in tests.rglob("*.py"))
        if clash := [name for name in names if (tree / name).exists()]:
            message = f"the service has {', '.join(clash)}, too"
            raise FileExistsError(message)
        shutil.copytree(tests, tree, dirs_exist_ok=True)
    modules = [name for name in names if Path(name).name.startswith("test_")]
    try:
        yield Laid(
            [name for name in modules if name not in of_auth],
            [name for name in modules if name in of_auth],
        )
    finally:
        for name in names:
            (tree / name).unlink()
