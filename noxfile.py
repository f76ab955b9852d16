"""The checks of the template: `nox` runs them, `nox -l` lists them, `-t auth=jwt` selects."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

sys.path.insert(0, str(Path(__file__).parent))

from proof import matrix

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "auto"  # where the machine has none that is new enough
nox.options.error_on_missing_interpreters = True

PYTHON = ">=3.12"  # like the services; nox itself may run on an older one

COMBINATIONS = matrix.product(matrix.read_questions())


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml."""
    session.install(*nox.project.dependency_groups(nox.project.load_toml(), *groups))


@nox.session(python=PYTHON, allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Run every hook of .pre-commit-config.yaml over the template."""
    install(session, "lint", "tests", "bench")
    # The tools of this session; `sources` are tests, which session `tests` runs.
    here = {"UV_PROJECT_ENVIRONMENT": session.virtualenv.location, "SKIP": "sources"}
    session.run("pre-commit", "run", "--all-files", env=here)


@nox.session(python=PYTHON, allow_parallel=True)
def tests(session: nox.Session) -> None:
    """Test the questions, the hooks and what they generate."""
    install(session, "tests")
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHON, name="matrix", allow_parallel=True)
def prove_matrix(session: nox.Session) -> None:
    """Test every combination: nox -s matrix -- [--fresh] [auth=oidc ...]; see --help."""
    install(session, "tests")
    session.run("python", "-m", "proof", *session.posargs)


@nox.session(python=PYTHON, default=False)
@nox.parametrize("name", [nox.param(c.id, id=c.id, tags=c.tags) for c in COMBINATIONS])
def service(session: nox.Session, name: str) -> None:
    """Test one combination in its complete project, without shared results."""
    install(session, "tests")
    session.run("python", "-m", "proof", name, "--unshared", *session.posargs)


@nox.session(python=PYTHON, default=False)
def demo(session: nox.Session) -> None:
    """Generate a service and serve it: nox -s demo -- framework=flask auth=none."""
    if wrong := list(matrix.wrong_answers(session.posargs, matrix.read_questions())):
        session.error("\n".join(wrong))
    install(session, "demo")
    its_own = dict.fromkeys(["UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"])
    with TemporaryDirectory() as scratch:
        session.run("cookiecutter", matrix.ROOT, "--no-input", "-o", scratch, *session.posargs)
        (project,) = Path(scratch).iterdir()
        with session.chdir(project):
            session.run("uv", "run", "app", env=its_own)


@nox.session(python=PYTHON, default=False)
def locks(session: nox.Session) -> None:
    """Update the lock file of the services; run `nox` afterwards."""
    install(session, "tests")
    session.run("python", "-m", "proof.locks", *session.posargs)


@nox.session(python=PYTHON, default=False)
def ledger(session: nox.Session) -> None:
    """Update the ledger of gates and test counts; review its diff. `-- --gates` is fast."""
    install(session, "tests")
    session.run("python", "-m", "proof.ledger", *session.posargs)


@nox.session(python=PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """Run benchmarks and save JSON: nox -s bench -- generate matrix service timing."""
    install(session, "tests", "bench")
    for benchmark in session.posargs:
        session.run("python", "-m", f"benchmarks.{benchmark}")
