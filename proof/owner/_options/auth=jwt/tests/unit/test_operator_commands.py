"""`app users` and `app purge`: prompts, refusals, and what they end."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select, update

from app.models.session import RefreshToken, UserSession
from app.models.user import User
from tests.accounts import PASSWORD
from tests.statements import execute, tables
from tests.user_commands import ADA, listed, run, users

if TYPE_CHECKING:
    from click.testing import Result

pytestmark = pytest.mark.usefixtures("own_database")

NEW_PASSWORD = "another password for tests"
PAST = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
CHANGES = ("promote", "demote", "disable", "enable")


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
        (ADA, "is too easy to guess"),
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
@pytest.mark.parametrize("command", ["create-admin", "set-password", *CHANGES])
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


@pytest.mark.parametrize("command", ["set-password", *CHANGES])
def test_an_unknown_account_is_not_changed(command: str) -> None:
    result = users(command)
    assert_is_refusal(result, "There is no account with this e-mail address.")


@pytest.mark.parametrize("command", CHANGES)
def test_a_change_that_is_made_already_changes_nothing(command: str) -> None:
    for email in (ADA, "bob@example.org"):
        users("create-admin", email)
    once = users(command, ADA.upper())
    again = users(command)
    assert once.exit_code == again.exit_code == 0, again.output
    assert again.stdout == once.stdout


def test_a_disabled_account_keeps_no_session(own_database: str) -> None:
    for email in ("bob@example.org", ADA):
        users("create-admin", email)
        if email != ADA:
            start_session(own_database, FAR)
    assert users("disable", "bob@example.org").exit_code == 0
    assert execute(own_database, select(UserSession.id)) == []


def test_whoever_is_disabled_or_demoted_is_no_administrator_who_stays() -> None:
    for email in (ADA, "bob@example.org", "eve@example.org"):
        users("create-admin", email)
    users("disable", "bob@example.org")
    users("demote", "eve@example.org")
    assert_is_refusal(users("demote"), "This is the last administrator")
    users("enable", "bob@example.org")
    assert users("demote").exit_code == 0


def test_promotion_keeps_the_other_scopes(own_database: str) -> None:
    users("create-admin")
    users("create-admin", "bob@example.org")
    scopes = ["items:read", "outdated"]
    execute(own_database, update(User).where(User.email == ADA).values(scopes=scopes))
    for command, expected in [
        ("promote", "admin,items:read,outdated"),
        ("demote", "items:read,outdated"),
    ]:
        assert users(command).exit_code == 0
        *_, (_, _, found, *_) = listed()
        assert found == expected


def test_accounts_can_be_disabled_while_there_is_no_administrator(
    own_database: str,
) -> None:
    users("create-admin")
    execute(own_database, update(User).values(scopes=[]))
    assert users("disable").exit_code == 0


def test_a_list_of_nothing_is_empty() -> None:
    assert listed() == []


def test_a_long_list_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.commands.users._PAGE", 2)
    emails = [f"{number}@example.org" for number in range(5)]
    for email in emails:
        users("create-admin", email)
    assert [email for _, email, *_ in listed()] == emails[::-1]


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
