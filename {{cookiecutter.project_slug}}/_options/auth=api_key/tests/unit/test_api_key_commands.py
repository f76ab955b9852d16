"""The life of a key, from the command line."""

from __future__ import annotations

import pytest

from tests.key_commands import create, printed, run

pytestmark = pytest.mark.usefixtures("own_database")


def listed() -> list[list[str]]:
    """Return the fields of each key in the list, newest first."""
    result = run("api-keys", "list")
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_keys_are_created_listed_rotated_and_revoked() -> None:
    old = printed(create())
    ((old_id, *fields, owner),) = listed()
    shown = f"{old.prefix}_...{old.last4}"
    assert fields == [shown, "ci", "admin", "ends never", "used never"]
    new = printed(run("api-keys", "rotate", old_id, "--overlap", "1d"))
    (new_id, shown, *_, new_owner), (_, _, _, _, ends, _, old_owner) = listed()
    assert shown.startswith(new.prefix)
    assert (new_owner, old_owner) == (owner, owner)
    assert ends != "ends never"
    revoked = run("api-keys", "revoke", new_id)
    assert revoked.exit_code == 0, revoked.output
    (_, _, _, _, ends, *_), _ = listed()
    assert ends.startswith("ends revoked ")


@pytest.mark.parametrize("seen", ["{0.prefix}", "{0.prefix}_...", "{0.text}"])
def test_a_leaked_key_is_revoked_by_what_is_seen_of_it(seen: str) -> None:
    key = printed(create())
    revoked = run("api-keys", "revoke", seen.format(key))
    assert revoked.exit_code == 0, revoked.output
    assert key.secret not in revoked.output
    ((_, _, _, _, ends, *_),) = listed()
    assert ends.startswith("ends revoked ")


def test_purge_keeps_what_is_valid() -> None:
    create()
    purged = run("purge")
    assert purged.exit_code == 0, purged.output
    assert "Deleted 0 API keys." in purged.stdout
    assert len(listed()) == 1
