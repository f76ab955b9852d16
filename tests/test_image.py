"""The image of a service: built, started with nothing to write to, and stopped."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from proof import matrix
from proof.formats import dockerfile
from proof.machines import postgres
from proof.machines.image import builder, complaints, ended
from proof.machines.rehearsal import Rehearsal
from proof.machines.relay import socket_of
from proof.modes import mode
from proof.targets import Mutation, seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from proof.machines.image import Builder

FRAMEWORKS = matrix.choices(matrix.read_questions())["framework"]
PYTHONS = matrix.choices(matrix.read_questions())["python_version"]
SECRETS = {
    "AUTH__SECRET_KEY": "c1b2f5a98d3e47609b8a7c6d5e4f3021",
    "DATABASE__PASSWORD": "5b1f0c3a9d7e2468",
}
SOCKETS = "/run/postgresql"

# Each makes an image that cannot be built, or does not serve.
BROKEN = [
    Mutation("Dockerfile", "COPY migrations migrations\n", "", "app migrate ended with 1"),
    Mutation(".dockerignore", "docs\n", "docs\nalembic.ini\n", "COPY alembic.ini"),
    Mutation("Dockerfile", "PATH=/opt/app/bin:", "PATH=/opt/app:", "app migrate ended"),
    Mutation("pyproject.toml", '"click>=8.2,<9"', '"click>=8.1,<9"', "--locked"),
    Mutation(
        "src/app/main.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nopen('started', 'w').close()\n",
        "Read-only file system",
    ),
]

# Each makes an image that nobody should run.
UNSAFE = [
    Mutation("Dockerfile", "USER 10001:10001\n", "", "USER"),
    Mutation("Dockerfile", "USER 10001:10001\n", "USER app\n", "USER"),
    Mutation("Dockerfile", "USER 10001:10001\n", "USER 0:0\n", "USER"),
    Mutation("Dockerfile", "@sha256:", "@sha512:", "digest"),
    Mutation("Dockerfile", "HEALTHCHECK --interval", "# HEALTHCHECK --interval", "HEALTHCHECK"),
    Mutation("Dockerfile", 'CMD ["app", "serve", "--host", "0.0.0.0"]', "CMD app serve", "a list"),
    Mutation("Dockerfile", "COPY src src\n", "ADD src src\n", "ADD"),
    Mutation("Dockerfile", "ENVIRONMENT=production", "AUTH__SECRET_KEY=5b1f", "AUTH__SECRET_KEY"),
    Mutation("Dockerfile", "RUN chmod", "# RUN chmod", "COPY alembic.ini .*COPY migrations"),
    Mutation("Dockerfile", "COPY alembic.ini", "USER 1:1\nCOPY alembic.ini", "COPY alembic.ini"),
    Mutation(".dockerignore", ".env*\n", "", "lets .env.production through"),
    Mutation(".dockerignore", ".git\n", "", "lets .git"),
    Mutation(".dockerignore", "tests\n", "", "lets tests"),
]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Give what builds images here, and remove what it has kept."""
    scratch = tmp_path_factory.mktemp("images")
    found = builder(scratch) if sys.platform == "linux" else None
    if found is None and sys.platform == "linux" and "CI" in os.environ:
        pytest.fail("images must be built where every change is checked")
    if found is None:
        pytest.skip("NO IMAGE IS BUILT ON THIS MACHINE: no Docker, no Podman, no namespaces")
    yield found
    subprocess.run(["rm", "-rf", scratch], check=True)


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Callable[..., Path]:
    """Return a function that generates a project once, to be read only."""
    return cache(bake_session)


@contextmanager
def a_database() -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield settings that name a database of one's own, and the folder with its socket."""
    with postgres.fresh_database() as url:
        if url is None:
            pytest.skip("THERE IS NO POSTGRESQL SERVER")
        parts = urlsplit(url)
        with socket_of(url) as folder:
            named = f"postgresql://{parts.username}@{parts.path}?host={SOCKETS}"
            password = {"DATABASE__PASSWORD": parts.password} if parts.password else {}
            yield {**SECRETS, "DATABASE__URL": named, **password}, {SOCKETS: str(folder)}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_image_migrates_serves_and_ends_and_writes_nothing(
    framework: str, builds: Builder, project: Callable[..., Path]
) -> None:
    with a_database() as (settings, mounts):
        service = project(framework=framework)
        assert list(complaints(builds, service, settings, mounts=mounts)) == []


def test_the_image_keeps_a_sqlite_file_on_its_volume(
    builds: Builder, project: Callable[..., Path]
) -> None:
    settings = {**SECRETS, "DATABASE__URL": "sqlite:////data/app.db"}
    del settings["DATABASE__PASSWORD"]
    service = project(database="sqlite")
    assert list(complaints(builds, service, settings, volumes=("/data",))) == []


def test_an_image_has_the_present_sources(
    builds: Builder, project: Callable[..., Path], tmp_path: Path
) -> None:
    service = shutil.copytree(project(), tmp_path / "service")
    for edition in ("1", "2"):
        (service / "src" / "app" / "edition.py").write_text(f"print({edition})\n", "utf-8")
        image = builds.build(service)
        assert ended(image.start(["python", "-m", "app.edition"], {}, {})) == (0, f"{edition}\n")


@pytest.mark.parametrize("mutation", BROKEN, ids=lambda mutation: mutation.complaint)
def test_an_image_that_does_not_work_is_noticed(
    mutation: Mutation, builds: Builder, project: Callable[..., Path], tmp_path: Path
) -> None:
    with a_database() as (settings, mounts):
        service = seeded(project(), tmp_path / "service", mutation)
        told = "\n".join(complaints(builds, service, settings, mounts=mounts))
    assert re.search(mutation.complaint, told)


@pytest.mark.parametrize("line", ["RUN chmod", "# RUN chmod"])
def test_only_chmod_lets_the_image_serve_what_a_strict_umask_wrote(
    line: str, builds: Builder, project: Callable[..., Path], tmp_path: Path
) -> None:
    if isinstance(builds, Rehearsal) and os.geteuid() != 0:
        pytest.skip("here the service's user is the owner of all files")
    service = shutil.copytree(project(), tmp_path / "service")
    for path in service.rglob("*"):
        path.chmod(0o700 if path.is_dir() or mode(path) else 0o600)
    text = (service / "Dockerfile").read_text(encoding="utf-8")
    (service / "Dockerfile").write_text(text.replace("RUN chmod", line), encoding="utf-8")
    with a_database() as (settings, mounts):
        told = "\n".join(complaints(builds, service, settings, mounts=mounts))
    assert ("app migrate ended" in told) == line.startswith("#"), told


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        ("docs\n", {"app.db", "src/docs.py", "src/__pycache__/a.pyc"}),
        ("*.db\n**/__pycache__\n", {"docs/a.md", "src/docs.py"}),
        ("# all\n*\n!src\nsrc/__pycache__/\n", {"src/docs.py"}),
        ("**\n!*.db\n", {"app.db"}),
    ],
)
def test_a_builder_gets_what_no_pattern_keeps_from_it(
    patterns: str, kept: set[str], tmp_path: Path
) -> None:
    for name in ("app.db", "docs/a.md", "src/docs.py", "src/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".dockerignore").write_text(patterns, encoding="utf-8")
    sent = {path.relative_to(tmp_path).as_posix() for path in dockerfile.context(tmp_path)}
    assert sent - {".dockerignore"} == kept


@pytest.mark.parametrize("version", PYTHONS)
def test_an_image_keeps_the_rules_of_the_benchmark(
    version: str, project: Callable[..., Path]
) -> None:
    assert list(dockerfile.complaints(project(python_version=version))) == []


@pytest.mark.parametrize("mutation", UNSAFE, ids=lambda mutation: mutation.complaint)
def test_an_image_that_nobody_should_run_is_noticed(
    mutation: Mutation, project: Callable[..., Path], tmp_path: Path
) -> None:
    service = seeded(project(), tmp_path / "service", mutation)
    assert re.search(mutation.complaint, "\n".join(dockerfile.complaints(service)), re.DOTALL)
