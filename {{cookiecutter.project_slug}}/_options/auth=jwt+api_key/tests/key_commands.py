"""How tests run the commands that manage keys."""

from __future__ import annotations

from click.testing import Result

from app.auth.api_keys import Key, parse_key
from tests.user_commands import ADA, run, users

__all__ = ["create", "printed", "run"]


def create(*options: str, name: str = "ci", scope: str = "admin") -> Result:
    """Run `app api-keys create` for an administrator, who is made when it is needed."""
    users("create-admin")
    asked = ("--user", ADA, "--name", name, "--scope", scope)
    return run("api-keys", "create", *asked, *options)


def printed(result: Result) -> Key:
    """Return the key that is the one line on standard output."""
    assert result.exit_code == 0, result.output
    key = parse_key(result.stdout.removesuffix("\n"))
    assert key is not None
    return key
