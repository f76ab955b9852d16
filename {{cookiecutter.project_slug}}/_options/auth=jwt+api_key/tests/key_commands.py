"""How tests run the commands that manage keys."""

from __future__ import annotations

from click.testing import CliRunner, Result

from app.cli import main
from tests.settings import REQUIRED_ENVIRONMENT

ENVIRONMENT = REQUIRED_ENVIRONMENT | {
    "ENVIRONMENT": "development",
    "AUTH__PASSWORD_MEMORY_KIB": "8",
    "AUTH__PASSWORD_TIME_COST": "1",
}
OWNER = ("--email", "ada@example.org")


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    """Run `app` on the database that DATABASE__URL names."""
    runner = CliRunner(env=ENVIRONMENT | environment)
    return runner.invoke(main, arguments, input=typed)


def create(*options: str, name: str = "ci", scope: str = "admin") -> Result:
    """Run `app api-keys create` for an administrator, who is made when it is needed."""
    run("users", "create-admin", *OWNER, typed="a password for tests")
    user = ("--user", OWNER[1])
    asked = ("--name", name, "--scope", scope)
    return run("api-keys", "create", *user, *asked, *options)
