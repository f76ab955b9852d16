"""Backup and restore of the compose target, on a real file."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from proof.machines.compose import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are shell scripts")

MIGRATE_SQLITE = """
import os, sqlite3
connection = sqlite3.connect(os.environ["DATABASE__URL"].removeprefix("sqlite:///"))
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE migrated (id)")
connection.close()
"""


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Path:
    """Return a project whose database is a file."""
    return bake_session(deploy="compose", database="sqlite")


@pytest.fixture
def machine(project: Path, tmp_path: Path) -> Iterator[Machine]:
    """Return a machine whose database is a file in use: its log is not empty."""
    machine = Machine.with_project(project, tmp_path)
    machine.environment["HOST_MIGRATE"] = MIGRATE_SQLITE
    with closing(sqlite3.connect(machine.data / "app.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE items (name)")
        connection.execute("INSERT INTO items VALUES ('before')")
        connection.commit()
        yield machine


def names_in(path: Path) -> list[str]:
    """Return the rows of a SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM items ORDER BY 1")]


def add_to_file(machine: Machine, name: str) -> None:
    with closing(sqlite3.connect(machine.data / "app.db")) as connection:
        connection.execute("INSERT INTO items VALUES (?)", [name])
        connection.commit()


def test_a_restored_sqlite_file_has_the_backup_and_keeps_what_was_there(
    machine: Machine,
) -> None:
    saved = machine.backed_up()
    add_to_file(machine, "after")

    code, said = machine.run("restore", "saved")

    assert code == 0, said
    assert names_in(machine.data / "app.db") == ["before"]
    assert names_in(machine.data / "replaced.db") == ["after", "before"]
    assert [verb.split(" -")[0] for verb in machine.verbs()] == ["run", "stop app", "up"]
    assert saved.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(machine.data / "app.db")) as connection:
        assert connection.execute("SELECT count(*) FROM migrated").fetchone() == (0,)


def test_a_backup_makes_its_folder(machine: Machine) -> None:
    code, said = machine.run("backup", "backups/daily/2026-11-30")

    assert code == 0, said
    folder = machine.folder / "backups" / "daily"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert names_in(folder / "2026-11-30") == ["before"]


def test_a_sqlite_file_can_be_restored_to_a_new_machine(machine: Machine) -> None:
    machine.backed_up()
    shutil.rmtree(machine.data)
    machine.data.mkdir()

    code, said = machine.run("restore", machine.folder / "saved")

    assert code == 0, said
    assert names_in(machine.data / "app.db") == ["before"]


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("sys.stdin", "the backup could not be read"),
        ("--env DATABASE__URL", "the backup could not be migrated"),
        ("os.link", "the files could not be exchanged"),
    ],
)
def test_a_restore_that_fails_leaves_the_sqlite_file_as_it_was(
    machine: Machine, failing: str, said: str
) -> None:
    machine.backed_up()
    add_to_file(machine, "after")

    code, errors = machine.run("restore", "saved", HOST_FAIL=failing)

    assert code == 1
    assert f"nothing has changed: {said}" in errors
    assert names_in(machine.data / "app.db") == ["after", "before"]
    stopped = "stop app" in machine.calls
    assert stopped == ("exchanged" in said)
    assert not stopped or machine.calls[-1].startswith("up")


def test_an_interrupted_restore_of_a_sqlite_file_changes_nothing_and_can_be_repeated(
    machine: Machine,
) -> None:
    machine.backed_up()
    add_to_file(machine, "after")

    machine.interrupt("--env DATABASE__URL", signal.SIGKILL)

    assert names_in(machine.data / "app.db") == ["after", "before"]
    assert "stop app" not in machine.calls
    assert machine.run("restore", "saved")[0] == 0
    assert names_in(machine.data / "app.db") == ["before"]


def test_a_backup_of_a_sqlite_file_that_was_cut_off_is_refused(machine: Machine) -> None:
    saved = machine.backed_up()
    saved.write_bytes(saved.read_bytes()[:-4000])

    code, errors = machine.run("restore", "saved")

    assert code == 1
    assert "nothing has changed" in errors
    assert names_in(machine.data / "app.db") == ["before"]


def test_a_backup_of_a_sqlite_file_that_is_not_there_leaves_none(machine: Machine) -> None:
    shutil.rmtree(machine.data)
    machine.data.mkdir()

    code, errors = machine.run("backup", "saved")

    assert code == 1
    assert "no backup was written" in errors
    assert "Traceback" not in errors
    assert not list(machine.folder.glob("saved*"))
    assert not list(machine.data.iterdir())
