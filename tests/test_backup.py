"""Backup and restore of the compose target, on a real PostgreSQL and on a real file.

A `docker` of ours takes away what is Docker's, and runs the very command that is left.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from proof.generation import generate
from proof.machines import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are shell scripts")

CLIENTS = ("pg_dump", "pg_restore", "psql")

# What stands for Docker: HOST_DATA is the volume, HOST_LOG gets a line for each call, and
# a call whose words are those of HOST_FAIL fails; one with those of HOST_HANG hangs.
DOCKER = """#!{python}
import os, subprocess, sys, time

words = [word.replace("/data/", os.environ["HOST_DATA"] + "/") for word in sys.argv[1:]]
assert words[:3] == ["compose", "--env-file", ".env.production"], words
verb, rest = words[3], words[4:]
line = " ".join([verb, *rest])
with open(os.environ["HOST_LOG"], "a", encoding="utf-8") as log:
    log.write(line.replace("\\n", " ") + "\\n")
for name in ("HOST_FAIL", "HOST_HANG"):
    wanted = os.environ.get(name, "").split()
    if wanted and all(word in line for word in wanted):
        if name == "HOST_FAIL":
            sys.exit(1)
        time.sleep(60)
if verb in ("up", "stop"):
    sys.exit(0)
assert verb in ("exec", "run"), words
environment = dict(os.environ)
while rest[0].startswith("-"):
    if rest[0] == "--env":
        key, _, value = rest.pop(1).partition("=")
        environment[key] = value
    rest.pop(0)
service, *command = rest
if not command:
    assert service == "migrate", words
    command = ["python", "-c", os.environ["HOST_MIGRATE"]]
if command[0] == "python":
    command[0] = sys.executable
sys.exit(subprocess.run(command, env=environment).returncode)
"""

MIGRATE_SQLITE = """
import os, sqlite3
connection = sqlite3.connect(os.environ["DATABASE__URL"].removeprefix("sqlite:///"))
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE migrated (id)")
connection.close()
"""
MIGRATE_POSTGRESQL = """
import os, subprocess, sys, urllib.parse
database = urllib.parse.urlsplit(os.environ["DATABASE__URL"]).path[1:]
create = ["psql", "--quiet", "-U", "app", "-d", database, "-c", "CREATE TABLE migrated (id int)"]
sys.exit(subprocess.run(create).returncode)
"""


@dataclass
class Machine:
    """A server with a project on it."""

    project: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """Return what stands for the volume."""
        return self.folder / "data"

    @property
    def calls(self) -> list[str]:
        """Return what Docker was asked for, a line for each call."""
        log = self.folder / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def verbs(self) -> list[str]:
        """Return the calls that stop or start something, or migrate."""
        return [
            call
            for call in self.calls
            if call.startswith(("stop", "up")) or call.endswith(" migrate")
        ]

    def start(self, command: str, *arguments: str | Path, **environment: str) -> Process:
        """Start a command of the target in the home folder."""
        bin_folder = self.folder / "bin"
        known = {**os.environ, **self.environment}
        return subprocess.Popen(
            ["sh", self.project / "deploy" / command, *arguments],
            cwd=self.folder,
            env={
                **known,
                "PATH": f"{bin_folder}{os.pathsep}{known['PATH']}",
                "HOST_DATA": str(self.data),
                "HOST_LOG": str(self.folder / "log"),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, command: str, *arguments: str | Path, **environment: str) -> tuple[int, str]:
        """Run a command of the target; return its exit code and what it said."""
        process = self.start(command, *arguments, **environment)
        out, errors = process.communicate()
        return process.returncode, out + errors


type Process = subprocess.Popen[str]


@pytest.fixture(scope="module")
def projects(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a project for each database; the commands write nothing to it."""
    folder = tmp_path_factory.mktemp("projects")
    return {
        database: generate(template, folder / database, {"database": database})
        for database in ("postgresql", "sqlite")
    }


@pytest.fixture
def machine_for(projects: dict[str, Path], tmp_path: Path) -> Callable[[str], Machine]:
    """Return a function that gives a machine with a project of one database, and our `docker`."""

    def machine(database: str) -> Machine:
        docker = tmp_path / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(DOCKER.replace("{python}", sys.executable), encoding="utf-8")
        docker.chmod(0o755)
        (tmp_path / "data").mkdir()
        return Machine(projects[database], tmp_path)

    return machine


@pytest.fixture
def sqlite_machine(machine_for: Callable[[str], Machine]) -> Iterator[Machine]:
    """Return a machine whose database is a file in use: its log is not empty."""
    machine = machine_for("sqlite")
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


@contextmanager
def clients() -> Iterator[Path | None]:
    """Give the folder of PostgreSQL's programs, of this machine or of a package."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # the server runs as somebody else
        yield postgres.installed_binaries() or postgres.packaged_binaries(Path(name))


@pytest.fixture(scope="module")
def own_server() -> Iterator[dict[str, str]]:
    """Return how to reach a server of our own: the databases there are called like real ones."""
    with clients() as binaries, pytest.MonkeyPatch.context() as patch:
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
def postgresql_machine(
    machine_for: Callable[[str], Machine], own_server: dict[str, str]
) -> Machine:
    """Return a machine whose database is on a server."""
    machine = machine_for("postgresql")
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


def backed_up(machine: Machine) -> Path:
    """Return a backup of what there is."""
    code, said = machine.run("backup", "saved")
    assert code == 0, said
    (machine.folder / "log").unlink()
    return machine.folder / "saved"


def test_a_restored_postgresql_has_the_backup_and_keeps_what_was_there(
    postgresql_machine: Machine,
) -> None:
    machine = postgresql_machine
    saved = backed_up(machine)
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


def test_postgresql_can_be_restored_again_and_again(postgresql_machine: Machine) -> None:
    machine = postgresql_machine
    backed_up(machine)

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
    postgresql_machine: Machine, failing: str, said: str
) -> None:
    machine = postgresql_machine
    backed_up(machine)
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


def test_a_backup_of_postgresql_that_was_cut_off_is_refused(postgresql_machine: Machine) -> None:
    machine = postgresql_machine
    with connected(machine, "app") as connection:
        connection.execute("INSERT INTO items SELECT md5(n::text) FROM generate_series(1, 9999) n")
    saved = backed_up(machine)
    saved.write_bytes(saved.read_bytes()[:-2000])

    code, errors = machine.run("restore", "saved")

    assert code == 1
    assert "nothing has changed" in errors
    assert len(names_of(machine, "app")) == 10_000
    assert databases(machine) == {"app"}
    assert "stop app" not in machine.calls


def test_an_interrupted_restore_of_postgresql_changes_nothing_and_can_be_repeated(
    postgresql_machine: Machine,
) -> None:
    machine = postgresql_machine
    backed_up(machine)
    add(machine, "after")

    interrupt(machine, "pg_restore --username=app", signal.SIGKILL)

    assert names_of(machine, "app") == ["after", "before"]
    assert "stop app" not in machine.calls
    assert machine.run("restore", "saved")[0] == 0
    assert names_of(machine, "app") == ["before"]


def interrupt(machine: Machine, while_it_does: str, by: signal.Signals) -> None:
    """Start a restore, and end it, with all that it has started, at a certain call."""
    process = machine.start("restore", "saved", HOST_HANG=while_it_does)
    deadline = time.monotonic() + 20
    while not any(while_it_does in call for call in machine.calls):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, by)
    process.communicate()


@pytest.mark.parametrize(("failing", "said"), [("pg_dump", "dumped"), ("/dev/null", "be read")])
def test_a_backup_of_postgresql_that_fails_leaves_no_file(
    postgresql_machine: Machine, failing: str, said: str
) -> None:
    code, errors = postgresql_machine.run("backup", "saved", HOST_FAIL=failing)

    assert code == 1
    assert f"{said}\n" in errors
    assert not list(postgresql_machine.folder.glob("saved*"))


def test_a_restored_sqlite_file_has_the_backup_and_keeps_what_was_there(
    sqlite_machine: Machine,
) -> None:
    machine = sqlite_machine
    saved = backed_up(machine)
    add_to_file(machine, "after")

    code, said = machine.run("restore", "saved")

    assert code == 0, said
    assert names_in(machine.data / "app.db") == ["before"]
    assert names_in(machine.data / "replaced.db") == ["after", "before"]
    assert [verb.split(" -")[0] for verb in machine.verbs()] == ["run", "stop app", "up"]
    assert saved.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(machine.data / "app.db")) as connection:
        assert connection.execute("SELECT count(*) FROM migrated").fetchone() == (0,)


def test_a_sqlite_file_can_be_restored_to_a_new_machine(sqlite_machine: Machine) -> None:
    machine = sqlite_machine
    backed_up(machine)
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
    sqlite_machine: Machine, failing: str, said: str
) -> None:
    machine = sqlite_machine
    backed_up(machine)
    add_to_file(machine, "after")

    code, errors = machine.run("restore", "saved", HOST_FAIL=failing)

    assert code == 1
    assert f"nothing has changed: {said}" in errors
    assert names_in(machine.data / "app.db") == ["after", "before"]
    stopped = "stop app" in machine.calls
    assert stopped == ("exchanged" in said)
    assert not stopped or machine.calls[-1].startswith("up")


def test_an_interrupted_restore_of_a_sqlite_file_changes_nothing_and_can_be_repeated(
    sqlite_machine: Machine,
) -> None:
    machine = sqlite_machine
    backed_up(machine)
    add_to_file(machine, "after")

    interrupt(machine, "--env DATABASE__URL", signal.SIGKILL)

    assert names_in(machine.data / "app.db") == ["after", "before"]
    assert "stop app" not in machine.calls
    assert machine.run("restore", "saved")[0] == 0
    assert names_in(machine.data / "app.db") == ["before"]


def test_a_backup_of_a_sqlite_file_that_was_cut_off_is_refused(sqlite_machine: Machine) -> None:
    machine = sqlite_machine
    saved = backed_up(machine)
    saved.write_bytes(saved.read_bytes()[:-4000])

    code, errors = machine.run("restore", "saved")

    assert code == 1
    assert "nothing has changed" in errors
    assert names_in(machine.data / "app.db") == ["before"]


def test_a_backup_of_a_sqlite_file_that_is_not_there_leaves_none(sqlite_machine: Machine) -> None:
    machine = sqlite_machine
    shutil.rmtree(machine.data)
    machine.data.mkdir()

    code, errors = machine.run("backup", "saved")

    assert code == 1
    assert "there is no backup" in errors
    assert "Traceback" not in errors
    assert not list(machine.folder.glob("saved*"))
    assert not list(machine.data.iterdir())


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("content", [b"", b"SELECT 1;\n", b"\x00\x01\x02", b"SQLite", b"PGDM"])
def test_what_is_no_backup_is_refused_before_anything_happens(
    machine_for: Callable[[str], Machine], database: str, content: bytes
) -> None:
    machine = machine_for(database)
    other = machine.folder / "other"
    other.write_bytes(content)

    code, errors = machine.run("restore", "other")
    absent = machine.run("restore", "absent")

    assert (code, errors) == (1, f"deploy/restore: {other} is no backup of deploy/backup\n")
    assert absent == (1, f"deploy/restore: there is no {machine.folder}/absent to be read\n")
    assert machine.calls == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_backup_never_takes_the_place_of_a_file(
    machine_for: Callable[[str], Machine], database: str
) -> None:
    machine = machine_for(database)
    saved = machine.folder / "saved"
    saved.write_text("precious", encoding="utf-8")

    code, errors = machine.run("backup", "saved")

    assert (code, errors) == (1, f"deploy/backup: {saved} exists already\n")
    assert saved.read_text(encoding="utf-8") == "precious"
    assert machine.calls == []
