"""How tests run the commands that manage keys."""

from __future__ import annotations

from click.testing import CliRunner, Result

from app.auth.api_keys import Key, parse_key
from app.cli import main
from tests.settings import REQUIRED_ENVIRONMENT

ENVIRONMENT = REQUIRED_ENVIRONMENT | {"ENVIRONMENT": "development"}


def run(*arguments: str, **environment: str) -> Result:
    """Run `app` on the database that DATABASE__URL names."""
    runner = CliRunner(env=ENVIRONMENT | environment)
    return runner.invoke(main, arguments)


def create(*options: str, name: str = "ci", scope: str = "admin") -> Result:
    """Run `app api-keys create`."""
    return run("api-keys", "create", "--name", name, "--scope", scope, *options)


def printed(result: Result) -> Key:
    """Return the key that is the one line on standard output."""
    assert result.exit_code == 0, result.output
    key = parse_key(result.stdout.removesuffix("\n"))
    assert key is not None
    return key
