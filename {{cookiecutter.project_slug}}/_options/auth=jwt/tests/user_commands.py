"""How tests run the commands that manage accounts."""

from __future__ import annotations

from click.testing import CliRunner, Result

from app.cli import main
from tests.accounts import PASSWORD
from tests.settings import REQUIRED_ENVIRONMENT

ADA = "ada@example.org"
ENVIRONMENT = REQUIRED_ENVIRONMENT | {
    "ENVIRONMENT": "development",
    "AUTH__PASSWORD_MEMORY_KIB": "8",
    "AUTH__PASSWORD_TIME_COST": "1",
}


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    """Run `app` on the database that DATABASE__URL names."""
    runner = CliRunner(env=ENVIRONMENT | environment)
    return runner.invoke(main, arguments, input=typed)


def users(command: str, email: str = ADA, typed: str = f"{PASSWORD}\n") -> Result:
    """Run a command of `app users` for one account."""
    return run("users", command, "--email", email, typed=typed)


def listed() -> list[list[str]]:
    """Return the fields of each account in the list, newest first."""
    result = run("users", "list")
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]
