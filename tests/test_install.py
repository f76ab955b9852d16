"""The scripts of the systemd target, as they are, with the real server and real databases."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import socket
import sys
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from proof.machines import postgres
from proof.machines.systemd import Machine
from proof.machines.systemd_programs import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="ONLY LINUX HAS THE TOOLS OF THE SCRIPTS"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="THE SCRIPTS NEED CURL"),
]

BROKEN_MIGRATION = '''"""A mistake."""
from alembic import op

revision = "20300101_0000"
down_revision = "20261120_0900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE half (id int)")
    op.execute("SELECT * FROM nowhere")


def downgrade() -> None:
    pass
'''

NUMBERS = itertools.count(2)

# Where a release can be interrupted: the call of a program, and whether the new version is the
# present one by then.
STEPS = [
    (r"^uv sync", False),
    (r"^systemd-run .* app migrate", False),
    (r"^systemctl daemon-reload", True),
    (r"^systemctl restart", True),
]


@pytest.fixture(scope="module")
def machine(
    bake_session: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """Give a machine with v1.0.0 of a service on it."""
    project = bake_session(framework="flask", auth="none", deploy="systemd", database="sqlite")
    machine = Machine.with_clone(project, tmp_path_factory.mktemp("machine"))
    bump(machine, "1.0.0")
    try:
        code, said = machine.run("install", "v1.0.0")
        assert code == 0, said
        yield machine
    finally:
        machine.stop()


def bump(machine: Machine, version: str) -> None:
    """Give the service's sources a version."""
    for name in ("pyproject.toml", "uv.lock"):
        file = machine.clone / name
        own = re.compile(rf'(name = "{machine.name}"\nversion = )".+?"')
        text, count = own.subn(rf'\g<1>"{version}"', file.read_text(encoding="utf-8"))
        assert count == 1
        file.write_text(text, encoding="utf-8")


def next_version(machine: Machine) -> str:
    """Change the sources to those of a version that was never there, and return it."""
    version = f"{next(NUMBERS)}.0.0"
    bump(machine, version)
    return version


def history(machine: Machine) -> list[str]:
    """Return the versions that can serve again, the present one last."""
    return (machine.opt / "history").read_text(encoding="utf-8").split()


def present(machine: Machine) -> str:
    """Return the version that a restart would start."""
    return (machine.opt / "current").resolve().name


@contextmanager
def connecting(machine: Machine) -> Iterator[list[OSError]]:
    """Connect to the service all the time, and give the list of what went wrong."""
    refused: list[OSError] = []
    done = Event()

    def connect() -> None:
        while not done.wait(0.01):
            try:
                socket.create_connection(("127.0.0.1", machine.port), timeout=60).close()
            except OSError as error:
                refused.append(error)

    thread = Thread(target=connect)
    thread.start()
    try:
        yield refused
    finally:
        done.set()
        thread.join()


def test_a_machine_gets_a_user_and_a_service_that_starts_with_it(machine: Machine) -> None:
    calls = machine.calls()
    (added,) = [call for call in calls if call.startswith("useradd")]
    assert added.endswith(" my-service")
    (enabled,) = [call for call in calls if call.startswith("systemctl enable")]
    assert enabled.endswith(" my-service.socket my-service.service")
    assert machine.version() == "1.0.0"


def test_the_same_version_can_be_installed_again(machine: Machine) -> None:
    before = present(machine)
    machine.calls()
    code, said = machine.run("install", before)
    assert code == 0, said
    assert not [call for call in machine.calls() if call.startswith(("useradd", "uv sync"))]
    assert f"v{machine.version()}" == present(machine) == before


def test_an_upgrade_refuses_no_connection(machine: Machine) -> None:
    version = next_version(machine)
    with connecting(machine) as refused:
        code, said = machine.run("install", f"v{version}")
    assert code == 0, said
    assert refused == []
    assert machine.version() == version


def test_a_version_that_has_served_keeps_its_sources(machine: Machine) -> None:
    before = present(machine)
    file = machine.clone / "alembic.ini"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\n", encoding="utf-8")
    code, said = machine.run("install", before)
    file.write_text(text, encoding="utf-8")
    assert code == 1
    assert "was active with other sources" in said
    assert f"v{machine.version()}" == before


def test_a_failed_migration_changes_nothing(machine: Machine) -> None:
    before, version = machine.version(), next_version(machine)
    mistake = machine.clone / "migrations" / "versions" / "20300101_0000_mistake.py"
    mistake.write_text(BROKEN_MIGRATION, encoding="utf-8")
    machine.calls()
    code, said = machine.run("install", f"v{version}")
    mistake.unlink()
    assert code == 1
    assert "the migration failed" in said
    assert not [call for call in machine.calls() if call.startswith("systemctl")]
    assert f"v{machine.version()}" == present(machine) == f"v{before}"


def test_a_version_that_does_not_start_makes_room_for_the_last(machine: Machine) -> None:
    before, version = machine.version(), next_version(machine)
    broken = machine.clone / "src" / "app" / "main.py"
    text = broken.read_text(encoding="utf-8")
    broken.write_text(f'{text}\nraise SystemExit("broken")\n', encoding="utf-8")
    code, said = machine.run("install", f"v{version}", READY_SECONDS="1")
    broken.write_text(text, encoding="utf-8")
    assert code == 1
    assert f"v{version} is not ready; v{before} is running again" in said
    assert f"v{machine.version()}" == present(machine) == f"v{before}"
    # Mended under its own name: what uv remembers of the broken sources is not used.
    code, said = machine.run("install", f"v{version}")
    assert code == 0, said
    assert machine.version() == version


def test_the_last_three_versions_stay_and_can_return(machine: Machine) -> None:
    gone, first, second = history(machine)
    third = f"v{next_version(machine)}"
    assert machine.run("install", third)[0] == 0
    assert history(machine) == [first, second, third]
    assert {path.name for path in (machine.opt / "releases").iterdir()} == {first, second, third}

    assert machine.run("install", "--rollback")[0] == 0
    assert f"v{machine.version()}" == second
    assert machine.run("install", "--rollback", first)[0] == 0
    assert f"v{machine.version()}" == first
    for none in ([], [gone], [third]):
        code, said = machine.run("install", "--rollback", *none)
        assert code == 1
        assert f"is not installed; installed: {first}" in said
    assert f"v{machine.version()}" == first


def test_a_release_killed_at_any_step_can_be_undone_and_repeated(machine: Machine) -> None:
    before, version = machine.version(), next_version(machine)
    for step, is_present in STEPS:
        machine.interrupt(step, signal.SIGKILL, "install", f"v{version}")
        assert machine.version() == before
        assert present(machine) == (f"v{version}" if is_present else f"v{before}")
    assert machine.run("install", "--rollback")[0] == 0
    assert f"v{machine.version()}" == present(machine) == f"v{before}"
    code, said = machine.run("install", f"v{version}")
    assert code == 0, said
    assert f"v{machine.version()}" == present(machine) == f"v{version}"


def test_a_release_told_to_stop_returns_to_the_last_version(machine: Machine) -> None:
    before, version = machine.version(), next_version(machine)
    said = machine.interrupt(r"^systemctl restart", signal.SIGTERM, "install", f"v{version}")
    assert f"v{before} is running again" in said
    assert f"v{machine.version()}" == present(machine) == f"v{before}"


def test_a_release_that_loses_its_connection_returns_to_the_last_version(machine: Machine) -> None:
    before, version = machine.version(), next_version(machine)
    handler = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored
    with machine.paused("install", f"v{version}", at=r"^systemctl restart") as process:
        assert process.stdout
        process.stdout.close()
        os.killpg(process.pid, signal.SIGHUP)
        process.wait()
    signal.signal(signal.SIGHUP, handler)
    assert f"v{machine.version()}" == present(machine) == f"v{before}"


def test_there_is_one_release_at_a_time(machine: Machine) -> None:
    version = next_version(machine)
    with machine.paused("install", f"v{version}", at=r"^uv sync") as first:
        code, said = machine.run("install", f"v{version}")
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
    assert code == 1
    assert "another release is in progress" in said


def test_a_release_from_elsewhere_ships_the_sources(machine: Machine) -> None:
    version = next_version(machine)
    machine.calls()
    code, said = machine.run(
        "release", f"v{version}", DEPLOY_TARGET="deploy@server", DEPLOY_KEY="a key"
    )
    assert code == 0, said
    assert machine.version() == version
    (call,) = [call for call in machine.calls() if call.startswith("ssh")]
    assert "-o BatchMode=yes -o StrictHostKeyChecking=yes" in call
    key = re.findall(r" -i (\S+) ", call)[0]
    assert not os.path.exists(key)  # noqa: PTH110 -- it is a name in a line
    assert list((machine.state / "home").iterdir()) == []


def test_a_missing_secret_is_named_before_anything_is_done(
    bake: Callable[..., Path], tmp_path: Path
) -> None:
    machine = Machine.with_clone(bake(auth="jwt", deploy="systemd"), tmp_path / "machine")
    with closing(machine.listener):
        code, said = machine.run("install", "v1.0.0")
    assert code == 1
    assert "write /etc/my-service/credentials/AUTH__SECRET_KEY first" in said
    assert machine.calls() == []


# Backup and restore.


@pytest.fixture(scope="module")
def machine_with_postgresql(
    bake_session: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """Give a machine with a service and its database, on a server of our own."""
    binaries = postgres.installed_binaries()
    if binaries is None:
        print("NO POSTGRESQL: its backup was not tested", file=sys.__stderr__)
        pytest.skip("there is no PostgreSQL")
    project = bake_session(auth="none", deploy="systemd")
    machine = Machine.with_clone(project, tmp_path_factory.mktemp("machine"))
    password = machine.settings.parent / "credentials" / "DATABASE__PASSWORD"
    password.parent.mkdir()
    password.write_text("5b1f0c3a9d7e2468\n", encoding="utf-8")
    for program in ("createdb", "dropdb", "pg_dump", "pg_restore", "psql"):
        (machine.tools / program).symlink_to(binaries / program)
    with postgres.started() as url:
        assert url is not None
        port = str(urlsplit(url).port)
        machine.variables = {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "postgres"}
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute('CREATE ROLE "my-service" LOGIN')
            connection.execute('CREATE DATABASE "my-service" OWNER "my-service"')
        try:
            code, said = machine.run("install", "v1.0.0")
            assert code == 0, said
            yield machine
        finally:
            machine.stop()


@pytest.fixture(params=["machine", "machine_with_postgresql"])
def stocked(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Machine, Path]:
    """Give a machine, and a backup from before the newest item was made."""
    machine: Machine = request.getfixturevalue(request.param)
    backup = tmp_path / "backup"
    machine.call("/api/v1/items", {"name": "saved"})
    code, said = machine.run("backup", backup)
    assert code == 0, said
    assert backup.stat().st_mode & 0o777 == 0o600
    machine.call("/api/v1/items", {"name": "later"})
    machine.calls()
    return machine, backup


def newest(machine: Machine) -> str:
    """Return the name of the newest item."""
    return str(machine.call("/api/v1/items?size=1")["items"][0]["name"])


def test_a_restored_service_has_what_was_saved(stocked: tuple[Machine, Path]) -> None:
    machine, backup = stocked
    code, said = machine.run("restore", backup)
    assert code == 0, said
    assert "The replaced database is kept as " in said
    assert newest(machine) == "saved"


def test_a_damaged_backup_changes_nothing(stocked: tuple[Machine, Path]) -> None:
    machine, backup = stocked
    backup.write_bytes(backup.read_bytes()[:3000])
    assert machine.run("restore", backup)[0] != 0
    assert newest(machine) == "later"
    assert not [call for call in machine.calls() if call.startswith("systemctl stop")]


def test_a_restored_service_that_is_not_ready_gets_its_data_back(
    stocked: tuple[Machine, Path],
) -> None:
    machine, backup = stocked
    said = machine.interrupt(r"^systemctl start", signal.SIGTERM, "restore", backup)
    assert "the old database is in use again" in said
    wait_until(lambda: newest(machine) == "later")


def test_a_backup_never_replaces_a_file(stocked: tuple[Machine, Path]) -> None:
    machine, backup = stocked
    before = backup.read_bytes()
    code, said = machine.run("backup", backup)
    assert code == 1
    assert "already exists" in said
    assert backup.read_bytes() == before
