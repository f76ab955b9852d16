"""`app users` and `app purge`: prompts, refusals, and what they end."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from sqlalchemy import insert, select

from app.cli import main
from app.models.session import RefreshToken, UserSession
from app.models.user import User
from tests.settings import REQUIRED_ENVIRONMENT
from tests.statements import execute, tables

pytestmark = pytest.mark.usefixtures("own_database")

ADA = "ada@example.org"
PASSWORD = "a password for tests"
NEW_PASSWORD = "another password for tests"
PAST = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
ENVIRONMENT = REQUIRED_ENVIRONMENT | {
    "ENVIRONMENT": "development",
    "AUTH__PASSWORD_MEMORY_KIB": "8",
    "AUTH__PASSWORD_TIME_COST": "1",
}


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    runner = CliRunner(env=ENVIRONMENT | environment)
    return runner.invoke(main, arguments, input=typed)


def users(command: str, email: str = ADA, typed: str = f"{PASSWORD}\n") -> Result:
    return run("users", command, "--email", email, typed=typed)


def start_session(url: str, ends: datetime) -> UUID:
    session_id = uuid4()
    ((user_id,),) = execute(url, select(User.id))
    execute(
        url,
        insert(UserSession).values(
            id=session_id, user_id=user_id, idle_until=ends, expires_at=ends
        ),
        insert(RefreshToken).values(
            token_hash=session_id.hex * 2, session_id=session_id
        ),
    )
    return session_id


def assert_is_refusal(result: Result, reason: str) -> None:
    assert result.exit_code in {1, 2}, result.output
    assert isinstance(result.exception, SystemExit)
    assert reason in result.stderr
    assert "Traceback" not in result.output
    assert PASSWORD not in result.output


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n", "\nsomething else\n"])
def test_the_password_is_the_first_line_of_standard_input(
    own_database: str,
    line_end: str,
) -> None:
    result = users("create-admin", typed=f" {PASSWORD} {line_end}")
    assert result.exit_code == 0, result.output
    ((kept,),) = execute(own_database, select(User.password_hash))
    assert PasswordHasher().verify(kept, f" {PASSWORD} ")


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal: Any = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr("app.commands.users.sys", SimpleNamespace(stdin=terminal))


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    own_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_a_terminal(monkeypatch)
    result = users("create-admin", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert result.output.count("assword: ") == 1
    assert "Repeat for confirmation: " in result.output
    assert PASSWORD not in result.output
    assert len(execute(own_database, select(User.id))) == 1


def test_a_password_that_is_mistyped_is_asked_for_again(
    own_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_a_terminal(monkeypatch)
    lines = (PASSWORD, NEW_PASSWORD, PASSWORD, PASSWORD)
    result = users("create-admin", typed="\n".join(lines) + "\n")
    assert result.exit_code == 0, result.output
    ((kept,),) = execute(own_database, select(User.password_hash))
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
    own_database: str,
    command: str,
    typed: str,
    reason: str,
) -> None:
    if command == "set-password":
        users("create-admin")
    before = accounts(own_database)
    assert_is_refusal(users(command, typed=typed), reason)
    assert accounts(own_database) == before


def accounts(url: str) -> list[Any]:
    run("migrate")
    return execute(url, select(User.email, User.password_hash))


@pytest.mark.parametrize("email", ["", "ada", "ada@", "ada@example.org\n"])
@pytest.mark.parametrize("command", ["create-admin", "set-password"])
def test_what_is_no_address_is_a_usage_error(command: str, email: str) -> None:
    result = users(command, email)
    assert result.exit_code == 2
    assert_is_refusal(result, "this is not an e-mail address")


def test_an_address_is_taken_once(own_database: str) -> None:
    users("create-admin")
    result = users("create-admin", ADA.upper())
    assert_is_refusal(result, "An account with this e-mail address already exists.")
    assert len(execute(own_database, select(User.id))) == 1


def test_a_new_password_ends_every_session(own_database: str) -> None:
    users("create-admin")
    start_session(own_database, FAR)
    result = users("set-password", ADA.upper(), f"{NEW_PASSWORD}\n")
    assert result.exit_code == 0, result.output
    ((kept,),) = execute(own_database, select(User.password_hash))
    assert PasswordHasher().verify(kept, NEW_PASSWORD)
    assert execute(own_database, select(UserSession.id)) == []
    assert execute(own_database, select(RefreshToken.token_hash)) == []


def test_an_unknown_account_gets_no_password() -> None:
    result = users("set-password")
    assert_is_refusal(result, "There is no account with this e-mail address.")


def test_purge_deletes_what_is_over_and_nothing_else(own_database: str) -> None:
    users("create-admin")
    start_session(own_database, PAST)
    living = start_session(own_database, FAR)
    result = run("purge")
    assert result.exit_code == 0, result.output
    assert "Deleted 1 sessions" in result.stdout
    assert execute(own_database, select(UserSession.id)) == [(living,)]
    assert execute(own_database, select(RefreshToken.session_id)) == [(living,)]


def test_outside_development_commands_do_not_migrate(own_database: str) -> None:
    result = run("purge", ENVIRONMENT="test")
    assert_is_refusal(result, "unavailable")
    assert tables(own_database) == set()


@pytest.mark.parametrize("command", ["users", "purge"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert command in run("--help").output
