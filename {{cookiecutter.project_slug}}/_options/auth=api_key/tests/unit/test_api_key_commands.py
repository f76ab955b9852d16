"""The life of a key, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.auth.api_keys import Key, parse_key
from tests.key_commands import create, run

if TYPE_CHECKING:
    from click.testing import Result

pytestmark = pytest.mark.usefixtures("own_database")


def printed(result: Result) -> Key:
    """Return the key that is the one line on standard output."""
    assert result.exit_code == 0, result.output
    key = parse_key(result.stdout.removesuffix("\n"))
    assert key is not None
    return key


def listed() -> list[list[str]]:
    """Return the fields of each key in the list, newest first."""
    result = run("api-keys", "list")
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_keys_are_created_listed_rotated_and_revoked() -> None:
    old = printed(create())
    ((old_id, *fields),) = listed()
    shown = f"{old.prefix}_...{old.last4}"
    assert fields == [shown, "ci", "admin", "ends never", "used never"]
    new = printed(run("api-keys", "rotate", old_id, "--overlap", "1d"))
    (new_id, shown, *_), (_, _, _, _, ends, _) = listed()
    assert shown.startswith(new.prefix)
    assert ends != "ends never"
    revoked = run("api-keys", "revoke", new_id)
    assert revoked.exit_code == 0, revoked.output
    (*_, ends, _), _ = listed()
    assert ends.startswith("ends revoked ")


def test_purge_keeps_what_is_valid() -> None:
    create()
    purged = run("purge")
    assert purged.exit_code == 0, purged.output
    assert "Deleted 0 API keys." in purged.stdout
    assert len(listed()) == 1
