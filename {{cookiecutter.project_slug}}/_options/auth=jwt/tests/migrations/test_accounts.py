"""What belongs to an account: the database itself deletes it with the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from app.core.database import run_on_connection
from tests.settings import make_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


def test_what_belongs_to_an_account_goes_with_it(migrated_url: str) -> None:
    found: dict[tuple[str, str], object] = {}

    def look(connection: Connection) -> None:
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            for key in inspector.get_foreign_keys(table):
                (column,) = key["constrained_columns"]
                found[table, column] = key["options"].get("ondelete")

    run_on_connection(make_settings(migrated_url).database, look)
    belonging = {
        (table, column): on_delete
        for (table, column), on_delete in found.items()
        if column in {"owner_id", "user_id", "session_id"}
    }
    assert set(belonging.values()) == {"CASCADE"}
    assert belonging.keys() >= {
        ("user_sessions", "user_id"),
        ("refresh_tokens", "session_id"),
    }
