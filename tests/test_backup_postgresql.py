"""Backup and restore of the compose target, on a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from proof.machines import postgres
from proof.machines.compose import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are shell scripts")

CLIENTS = ("pg_dump", "pg_restore", "psql")

MIGRATE_POSTGRESQL = """
import os, subprocess, sys, urllib.parse
database = urllib.parse.urlsplit(os.environ["DATABASE__URL"]).path[1:]
create = ["psql", "--quiet", "-U", "app", "-d", database, "-c", "CREATE TABLE migrated (id int)"]
sys.exit(subprocess.run(create).returncode)
"""


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Path:
    """Return a project whose database is PostgreSQL."""
    return bake_session(deploy="compose", database="postgresql")


@pytest.fixture(scope="module")
def own_server() -> Iterator[dict[str, str]]:
    """Return how to reach a server of our own: the databases there are called like real ones."""
    binaries = postgres.installed_binaries() or postgres.packaged_binaries()
    with pytest.MonkeyPatch.context() as patch:
        missing = [c for c in CLIENTS if binaries is None or not (binaries / c).exists()]
        if binaries is None or missing:
            message = f"NO POSTGRESQL PROGRAMS ({', '.join(missing)}): backup was not tested"
            print(message, file=sys.__stderr__)
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
        patch.setenv("PATH", path)
        with postgres.started() as url:
            assert url is not None
            parts = urlsplit(url)
            environment = {"PATH": path, "PGHOST": "127.0.0.1", "PGPORT": str(parts.port)}
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE ROLE app SUPERUSER LOGIN")
            yield environment


@pytest.fixture
def machine(project: Path, own_server: dict[str, str], tmp_path: Path) -> Machine:
    """Return a machine whose database is on a server."""
    machine = Machine.with_project(project, tmp_path)
    machine.environment = {**own_server, "HOST_MIGRATE": MIGRATE_POSTGRESQL}
    with connected(machine, "postgres") as connection:
        for name in ("app", "app_restored", "app_replaced"):
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute("CREATE DATABASE app OWNER app")
    with connected(machine, "app") as connection:
        connection.execute("CREATE TABLE items (name text)")
        connection.execute("INSERT INTO items VALUES ('before')")
    return machine


@contextmanager
def connected(machine: Machine, database: str) -> Iterator[psycopg.Connection]:
    port = machine.environment["PGPORT"]
    url = f"postgresql://app@127.0.0.1:{port}/{database}"
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def names_of(machine: Machine, database: str) -> list[str]:
    """Return the rows of a database."""
    with connected(machine, database) as connection:
        rows = connection.execute("SELECT name FROM items ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def databases(machine: Machine) -> set[str]:
    with connected(machine, "postgres") as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^app'")
        return {name for (name,) in rows.fetchall()}


def add(machine: Machine, name: str) -> None:
    with connected(machine, "app") as connection:
        connection.execute("INSERT INTO items VALUES (%s)", [name])


def test_a_restored_postgresql_has_the_backup_and_keeps_what_was_there(
    machine: Machine,
) -> None:
    saved = machine.backed_up()
    add(machine, "after")

    with connected(machine, "app"):  # somebody who does not let go
        code, said = machine.run("restore", "saved")

    assert code == 0, said
    assert names_of(machine, "app") == ["before"]
    assert names_of(machine, "app_replaced") == ["after", "before"]
    assert databases(machine) == {"app", "app_replaced"}
    assert [verb.split(" -")[0] for verb in machine.verbs()] == ["up", "run", "stop app", "up"]
    assert saved.stat().st_mode & 0o777 == 0o600
    with connected(machine, "app") as connection:
        assert connection.execute("SELECT count(*) FROM migrated").fetchone() == (0,)


def test_postgresql_can_be_restored_again_and_again(machine: Machine) -> None:
    machine.backed_up()

    assert machine.run("restore", "saved")[0] == 0
    add(machine, "later")
    assert machine.run("restore", "saved")[0] == 0

    assert names_of(machine, "app") == ["before"]
    assert names_of(machine, "app_replaced") == ["before", "later"]


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("pg_restore", "could not be read"),
        ("run migrate", "could not be migrated"),
        ("--single-transaction", "could not be renamed"),
    ],
)
def test_a_restore_that_fails_leaves_postgresql_as_it_was(
    machine: Machine, failing: str, said: str
) -> None:
    machine.backed_up()
    add(machine, "after")

    code, errors = machine.run("restore", "saved", HOST_FAIL=failing)

    assert code == 1
    assert (
        f"nothing has changed: the {'databases' if 'named' in said else 'backup'} {said}" in errors
    )
    assert names_of(machine, "app") == ["after", "before"]
    stopped = "stop app" in machine.calls
    assert stopped == ("renamed" in said)
    assert not stopped or machine.calls[-1].startswith("up")


def test_a_backup_of_postgresql_that_was_cut_off_is_refused(machine: Machine) -> None:
    with connected(machine, "app") as connection:
        connection.execute("INSERT INTO items SELECT md5(n::text) FROM generate_series(1, 9999) n")
    saved = machine.backed_up()
    saved.write_bytes(saved.read_bytes()[:-2000])

    code, errors = machine.run("restore", "saved")

    assert code == 1
    assert "nothing has changed" in errors
    assert len(names_of(machine, "app")) == 10_000
    assert databases(machine) == {"app"}
    assert "stop app" not in machine.calls


def test_an_interrupted_restore_of_postgresql_changes_nothing_and_can_be_repeated(
    machine: Machine,
) -> None:
    machine.backed_up()
    add(machine, "after")

    machine.interrupt("pg_restore --username=app", signal.SIGKILL)

    assert names_of(machine, "app") == ["after", "before"]
    assert "stop app" not in machine.calls
    assert machine.run("restore", "saved")[0] == 0
    assert names_of(machine, "app") == ["before"]


@pytest.mark.parametrize(("failing", "said"), [("pg_dump", "dumped"), ("/dev/null", "be read")])
def test_a_backup_of_postgresql_that_fails_leaves_no_file(
    machine: Machine, failing: str, said: str
) -> None:
    code, errors = machine.run("backup", "saved", HOST_FAIL=failing)

    assert code == 1
    assert f"{said}\n" in errors
    assert not list(machine.folder.glob("saved*"))
