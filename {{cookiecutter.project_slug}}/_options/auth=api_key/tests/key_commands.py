"""How tests run the commands that manage keys."""

from __future__ import annotations

from click.testing import CliRunner, Result

from app.cli import main
from tests.settings import REQUIRED_ENVIRONMENT

ENVIRONMENT = REQUIRED_ENVIRONMENT | {
    "ENVIRONMENT": "development",
    "DATABASE__URL": "sqlite:///app.db",
}


def run(*arguments: str, **environment: str) -> Result:
    """Run `app` in the current folder."""
    runner = CliRunner(env=ENVIRONMENT | environment)
    return runner.invoke(main, arguments)


def create(*options: str, name: str = "ci", scope: str = "items:read") -> Result:
    """Run `app api-keys create`."""
    return run("api-keys", "create", "--name", name, "--scope", scope, *options)
