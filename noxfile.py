"""All that proves the template. `nox` runs it, `nox -l` names it, `nox -t auth=jwt` a slice."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

sys.path.insert(0, str(Path(__file__).parent))

from tests import matrix

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = True

PYTHON = ">=3.12"  # as the services; nox itself may run on an older one

# Those with different Python sources first: the others share what was found out about them.
COMBINATIONS = sorted(
    matrix.product(matrix.read_questions()), key=lambda c: (c.answers["ci"], c.answers["deploy"])
)


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml."""
    session.install(*nox.project.dependency_groups(nox.project.load_toml(), *groups))


@nox.session(python=PYTHON, allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check the template's own code, types and workflows."""
    install(session, "lint", "tests")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    workflows = [str(path) for path in Path(".github", "workflows").glob("*.yml")]
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("zizmor", "--offline", "--no-progress", *workflows)


@nox.session(python=PYTHON, allow_parallel=True)
def tests(session: nox.Session) -> None:
    """Test the questions, the hooks and what they generate."""
    install(session, "tests")
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHON, allow_parallel=True)
@nox.parametrize("name", [nox.param(c.id, id=c.id, tags=c.tags) for c in COMBINATIONS])
def service(session: nox.Session, name: str) -> None:
    """Generate one combination and run everything that its owner would run."""
    install(session, "tests")
    session.run("python", "-m", "tests.prove", name, *session.posargs)


@nox.session(venv_backend="none")
def proof(session: nox.Session) -> None:
    """Count the proofs: every combination is proven, or proven to be refused."""
    session.run(sys.executable, "-m", "tests.proof")


@nox.session(python=PYTHON, default=False)
def demo(session: nox.Session) -> None:
    """Generate a service and serve it: nox -s demo -- framework=flask auth=none."""
    install(session, "tests")
    its_own = dict.fromkeys(["UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"])
    with TemporaryDirectory() as scratch:
        session.run("cookiecutter", ".", "--no-input", "-o", scratch, *session.posargs)
        (project,) = Path(scratch).iterdir()
        with session.chdir(project):
            session.run("uv", "run", "app", env=its_own)


@nox.session(python=PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """Measure, and print JSON: nox -s bench -- generate."""
    install(session, "tests")
    for benchmark in session.posargs:
        session.run("python", "-m", f"benchmarks.{benchmark}")
