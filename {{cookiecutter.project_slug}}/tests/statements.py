"""Statements that tests run behind the service's back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from app.core.database import run_on_connection
from tests.settings import make_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Executable


def execute(url: str, *statements: Executable) -> list[Any]:
    """Execute statements behind the service's back; return the rows of the last one."""
    found: list[Any] = []

    def work(connection: Connection) -> None:
        for statement in statements:
            result = connection.execute(statement)
            found[:] = result.all() if result.returns_rows else []
        connection.commit()

    run_on_connection(make_settings(url).database, work)
    return found


def tables(url: str) -> set[str]:
    """Return the names of a database's tables."""
    found: set[str] = set()

    def work(connection: Connection) -> None:
        found.update(inspect(connection).get_table_names())

    run_on_connection(make_settings(url).database, work)
    return found
