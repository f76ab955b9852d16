"""`app users`, on a database of its own."""

from __future__ import annotations

from argon2 import PasswordHasher
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import main
from app.models.user import User
from tests.settings import REQUIRED_ENVIRONMENT
from tests.statements import execute

PASSWORD = "a password for tests"
ENVIRONMENT = REQUIRED_ENVIRONMENT | {
    "ENVIRONMENT": "development",
    "AUTH__PASSWORD_MEMORY_KIB": "8",
    "AUTH__PASSWORD_TIME_COST": "1",
}


def test_an_administrator_is_made_on_a_fresh_database(own_database: str) -> None:
    command = ["users", "create-admin", "--email", "Ada@Example.org"]
    result = CliRunner(env=ENVIRONMENT).invoke(main, command, input=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert "ada@example.org" in result.stdout
    assert PASSWORD not in result.output
    columns = (User.email, User.password_hash, User.scopes, User.is_active)
    ((email, kept, scopes, is_active),) = execute(own_database, select(*columns))
    assert (email, scopes, is_active) == ("ada@example.org", ["admin"], True)
    assert PasswordHasher().verify(kept, PASSWORD)
