"""`app api-keys create --user`: whose key it is."""

from __future__ import annotations

import pytest

from tests.key_commands import create, printed, run
from tests.user_commands import ADA

pytestmark = pytest.mark.usefixtures("own_database")

NEW = ("api-keys", "create", "--name", "ci", "--scope", "items:read", "--user")


def test_an_unknown_account_gets_no_key() -> None:
    result = run(*NEW, ADA)
    assert result.exit_code == 1
    assert "There is no account with this e-mail address." in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("email", ["", "ada", "ada@"])
def test_what_is_no_address_is_a_usage_error(email: str) -> None:
    result = run(*NEW, email)
    assert result.exit_code == 2
    assert "this is not an e-mail address" in result.stderr


def test_an_address_is_written_in_any_case() -> None:
    assert create().exit_code == 0
    assert run(*NEW, ADA.upper()).exit_code == 0


def test_a_list_shows_who_owns_a_key() -> None:
    printed(create())
    line = run("api-keys", "list").stdout
    assert line.endswith(f"\towner {ADA}\n")
