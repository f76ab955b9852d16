"""`app users`, on a database of its own."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.models.user import User
from tests.accounts import PASSWORD
from tests.statements import execute
from tests.user_commands import ADA, listed, users

BOB = "bob@example.org"


def test_an_administrator_is_made_on_a_fresh_database(own_database: str) -> None:
    result = users("create-admin", "Ada@Example.org")
    assert result.exit_code == 0, result.output
    assert "Ada@Example.org" in result.stdout
    assert PASSWORD not in result.output
    columns = (User.email, User.password_hash, User.scopes, User.is_active)
    ((email, kept, scopes, is_active),) = execute(own_database, select(*columns))
    assert (email, scopes, is_active) == ("Ada@Example.org", ["admin"], True)
    assert PasswordHasher().verify(kept, PASSWORD)


@pytest.mark.usefixtures("own_database")
def test_accounts_are_listed_disabled_enabled_demoted_and_promoted() -> None:
    for email in (ADA, BOB):
        users("create-admin", email)
    (_, *first), (_, *second) = listed()
    assert (first[:-1], second[:-1]) == (
        [BOB, "admin", "active"],
        [ADA, "admin", "active"],
    )
    for command, scopes, state in [
        ("disable", "admin", "disabled"),
        ("demote", "no scopes", "disabled"),
        ("enable", "no scopes", "active"),
        ("promote", "admin", "active"),
    ]:
        changed = users(command, BOB)
        assert changed.exit_code == 0, changed.output
        assert f"{BOB}\t{scopes}\t{state}\t" in changed.stdout
        (_, *first), (_, *second) = listed()
        assert first[:-1] == [BOB, scopes, state]
        assert second[:-1] == [ADA, "admin", "active"]


@pytest.mark.parametrize("command", ["demote", "disable"])
@pytest.mark.usefixtures("own_database")
def test_the_last_administrator_stays(command: str) -> None:
    users("create-admin")
    refused = users(command)
    assert refused.exit_code == 1
    assert "This is the last administrator" in refused.stderr
    ((_, *fields, _),) = listed()
    assert fields == [ADA, "admin", "active"]
