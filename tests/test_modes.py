"""Modes of the template's files, and of projects generated under every umask."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.generation import copy_template, generate
from proof.modes import complaints, mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")

DEPLOYS = matrix.choices(matrix.read_questions())["deploy"]

# Files, modes for them, and what is then complained of.
WRONG = [
    ("deploy/release", 0o644, "deploy/release has mode 0644: a script"),
    ("deploy/backup", 0o744, "deploy/backup has mode 0744: a script"),
    ("README.md", 0o755, "README.md has mode 0755: only a file with a shebang"),
    ("src/app/main.py", 0o664, r"src/app/main\.py has mode 0664: only the owner may write"),
    ("uv.lock", 0o646, r"uv\.lock has mode 0646: only the owner may write"),
    (".env", 0o640, r"\.env has mode 0640: only the owner may read"),
]


@pytest.fixture
def under() -> Iterator[Callable[[int], int]]:
    """Return a function that sets the umask, until the test ends."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_git_keeps_scripts_of_the_template_executable_and_nothing_else() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "-z"],
        cwd=matrix.ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    stages = [line.split("\t") for line in listed.split("\0") if line]
    executable = {name for stage, name in stages if stage.startswith("100755")}
    scripts = {name for _, name in stages if (matrix.ROOT / name).read_bytes()[:2] == b"#!"}
    assert executable == scripts


@pytest.mark.parametrize("deploy", DEPLOYS)
def test_a_project_has_the_right_modes(bake: Callable[..., Path], deploy: str) -> None:
    assert list(complaints(bake(deploy=deploy))) == []


@pytest.mark.parametrize("clone", [0o022, 0o002, 0o077], ids="cloned-{:03o}".format)
@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077], ids="generated-{:03o}".format)
def test_no_umask_changes_which_files_are_executable_or_who_may_write(
    clone: int, umask: int, tmp_path: Path, under: Callable[[int], int]
) -> None:
    template = copy_template(tmp_path / "template")
    for path in template.rglob("*"):
        path.chmod((0o777 if path.is_dir() or mode(path) else 0o666) & ~clone)
    under(umask)
    assert list(complaints(generate(template, tmp_path, {"deploy": "systemd"}))) == []


def test_a_template_that_lost_its_modes_makes_executable_scripts(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    for path in template.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # as from an archive
    project = generate(template, tmp_path, {"deploy": "compose"})
    assert mode(project / "deploy/release") == "x"
    assert mode(project / "README.md") == ""
    assert list(complaints(project)) == []


@pytest.mark.parametrize(("name", "bits", "complaint"), WRONG, ids=str)
def test_a_wrong_mode_is_noticed(
    name: str, bits: int, complaint: str, bake: Callable[..., Path]
) -> None:
    project = bake()
    (project / name).chmod(bits)
    (found,) = complaints(project)
    assert re.match(complaint, found)


def test_caddy_may_read_its_configuration_whatever_the_umask_was(
    bake: Callable[..., Path], tmp_path: Path
) -> None:
    """In its container it has no capability to read the files of others."""
    project = bake(deploy="compose", auth="none", database="sqlite")
    (project / ".env.production").touch()
    (project / "deploy/Caddyfile").chmod(0o600)
    (project / "deploy").chmod(0o700)
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\n", encoding="utf-8")
    docker.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    command = ["sh", "deploy/activate", "v1", "v1-tag"]
    subprocess.run(command, cwd=project, env={**os.environ, "PATH": path}, check=True)
    for folder in ("releases", "releases/v1", "releases/v1/deploy"):
        assert (project / folder).stat().st_mode & 0o777 == 0o755
    assert (project / "releases/v1/deploy/Caddyfile").stat().st_mode & 0o777 == 0o644
