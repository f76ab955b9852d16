"""What backup and restore of the compose target refuse, whatever the database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from proof.machines.compose import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are shell scripts")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def project(bake_session: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    """Return a project for each database."""
    return bake_session(deploy="compose", database=request.param)


@pytest.fixture
def machine(project: Path, tmp_path: Path) -> Machine:
    """Return a machine with such a project."""
    return Machine.with_project(project, tmp_path)


@pytest.mark.parametrize("content", [b"", b"SELECT 1;\n", b"\x00\x01\x02", b"SQLite", b"PGDM"])
def test_what_is_no_backup_is_refused_before_anything_happens(
    machine: Machine, content: bytes
) -> None:
    other = machine.folder / "other"
    other.write_bytes(content)

    code, errors = machine.run("restore", "other")
    absent = machine.run("restore", "absent")

    assert (code, errors) == (1, f"deploy/restore: {other} was not written by deploy/backup\n")
    assert absent == (1, f"deploy/restore: cannot read {machine.folder}/absent\n")
    assert machine.calls == []


def test_a_backup_never_takes_the_place_of_a_file(machine: Machine) -> None:
    saved = machine.folder / "saved"
    saved.write_text("precious", encoding="utf-8")

    code, errors = machine.run("backup", "saved")

    assert (code, errors) == (1, f"deploy/backup: {saved} already exists\n")
    assert saved.read_text(encoding="utf-8") == "precious"
    assert machine.calls == []
