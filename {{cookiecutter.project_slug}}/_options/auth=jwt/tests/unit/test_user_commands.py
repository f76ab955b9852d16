"""`app users` and `app purge`, on a database of their own."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from app.cli import main
from tests.settings import REQUIRED_ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("scratch", "fresh_logging")

ADA = "ada@example.org"
PASSWORD = "a password for tests"
NEW_PASSWORD = "another password for tests"
ENVIRONMENT = REQUIRED_ENVIRONMENT | {
    "ENVIRONMENT": "development",
    "DATABASE__URL": "sqlite:///app.db",
    "AUTH__PASSWORD_MEMORY_KIB": "8",
    "AUTH__PASSWORD_TIME_COST": "1",
}


@pytest.fixture
def fresh_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the handlers of earlier tests, whose output is closed."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    runner = CliRunner(env=ENVIRONMENT | environment)
    return runner.invoke(main, arguments, input=typed)


def users(command: str, email: str = ADA, typed: str = f"{PASSWORD}\n") -> Result:
    return run("users", command, "--email", email, typed=typed)


def rows(directory: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(directory / "app.db")) as connection:
        return connection.execute(query).fetchall()


def start_session(directory: Path, ends: str) -> UUID:
    session_id = uuid4()
    with closing(sqlite3.connect(directory / "app.db")) as connection, connection:
        ((user_id,),) = connection.execute("SELECT id FROM users")
        connection.execute(
            "INSERT INTO user_sessions VALUES (?, ?, ?, ?, ?, ?)",
            (user_id, ends, ends, session_id.hex, "2026-01-01", "2026-01-01"),
        )
        connection.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, NULL)",
            (session_id.hex * 2, session_id.hex),
        )
    return session_id


def assert_is_refusal(result: Result, reason: str) -> None:
    assert result.exit_code in {1, 2}, result.output
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr
    assert "Traceback" not in result.output
    assert PASSWORD not in result.output


def test_an_administrator_is_made_on_a_fresh_database(scratch: Path) -> None:
    result = users("create-admin", "Ada@Example.org")
    assert result.exit_code == 0, result.output
    assert ADA in result.stdout
    assert PASSWORD not in result.output
    ((email, kept, scopes, is_active),) = rows(
        scratch, "SELECT email, password_hash, scopes, is_active FROM users"
    )
    assert (email, scopes, is_active) == (ADA, '["admin"]', 1)
    assert PasswordHasher().verify(kept, PASSWORD)


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n", "\nsomething else\n"])
def test_the_password_is_the_first_line_of_standard_input(
    scratch: Path,
    line_end: str,
) -> None:
    result = users("create-admin", typed=f" {PASSWORD} {line_end}")
    assert result.exit_code == 0, result.output
    ((kept,),) = rows(scratch, "SELECT password_hash FROM users")
    assert PasswordHasher().verify(kept, f" {PASSWORD} ")


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal: Any = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr("app.commands.users.sys", SimpleNamespace(stdin=terminal))


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_a_terminal(monkeypatch)
    result = users("create-admin", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert result.output.count("assword: ") == 1
    assert "Repeat for confirmation: " in result.output
    assert PASSWORD not in result.output
    assert len(rows(scratch, "SELECT id FROM users")) == 1


def test_a_password_that_is_mistyped_is_asked_for_again(
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_a_terminal(monkeypatch)
    lines = (PASSWORD, NEW_PASSWORD, PASSWORD, PASSWORD)
    result = users("create-admin", typed="\n".join(lines) + "\n")
    assert result.exit_code == 0, result.output
    ((kept,),) = rows(scratch, "SELECT password_hash FROM users")
    assert PasswordHasher().verify(kept, PASSWORD)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "at least 15 characters"),
        ("\n", "at least 15 characters"),
        ("a" * 14, "at least 15 characters"),
        ("a" * 129, "at most 128 characters"),
        ("passwordpassword", "is too common"),
        (ADA, "must not be the e-mail address"),
    ],
)
@pytest.mark.parametrize("command", ["create-admin", "set-password"])
def test_a_bad_password_is_refused_with_the_reason(
    scratch: Path,
    command: str,
    typed: str,
    reason: str,
) -> None:
    if command == "set-password":
        users("create-admin")
    before = rows_if_any(scratch)
    assert_is_refusal(users(command, typed=typed), reason)
    assert rows_if_any(scratch) == before


def rows_if_any(directory: Path) -> list[Any]:
    run("migrate")
    return rows(directory, "SELECT email, password_hash FROM users")


@pytest.mark.parametrize("email", ["", "ada", "ada@", "ada@example.org\n"])
@pytest.mark.parametrize("command", ["create-admin", "set-password"])
def test_what_is_no_address_is_a_usage_error(command: str, email: str) -> None:
    result = users(command, email)
    assert result.exit_code == 2
    assert_is_refusal(result, "this is not an e-mail address")


def test_an_address_is_taken_once(scratch: Path) -> None:
    users("create-admin")
    result = users("create-admin", ADA.upper())
    assert_is_refusal(result, "An account with this e-mail address already exists.")
    assert len(rows(scratch, "SELECT id FROM users")) == 1


def test_a_new_password_ends_every_session(scratch: Path) -> None:
    users("create-admin")
    start_session(scratch, "2100-01-01")
    result = users("set-password", ADA.upper(), f"{NEW_PASSWORD}\n")
    assert result.exit_code == 0, result.output
    ((kept,),) = rows(scratch, "SELECT password_hash FROM users")
    assert PasswordHasher().verify(kept, NEW_PASSWORD)
    assert rows(scratch, "SELECT * FROM user_sessions") == []
    assert rows(scratch, "SELECT * FROM refresh_tokens") == []


def test_an_unknown_account_gets_no_password() -> None:
    result = users("set-password")
    assert_is_refusal(result, "There is no account with this e-mail address.")


def test_purge_deletes_what_is_over_and_nothing_else(scratch: Path) -> None:
    users("create-admin")
    start_session(scratch, "2026-01-01 00:00:00.000000")
    living = start_session(scratch, "2100-01-01 00:00:00.000000")
    result = run("purge")
    assert result.exit_code == 0, result.output
    assert "Deleted 1 sessions" in result.stdout
    assert rows(scratch, "SELECT id FROM user_sessions") == [(living.hex,)]
    assert rows(scratch, "SELECT session_id FROM refresh_tokens") == [(living.hex,)]


def test_outside_development_commands_do_not_migrate(scratch: Path) -> None:
    result = run("purge", ENVIRONMENT="test")
    assert_is_refusal(result, "not available")
    assert rows(scratch, "SELECT name FROM sqlite_master") == []


@pytest.mark.parametrize("command", ["users", "purge"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert command in run("--help").output
