"""Runs migrations with the service's own settings, one process at a time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from alembic import context
from alembic.operations.ops import AddColumnOp, CreateTableOp, OpContainer
from sqlalchemy import (
    CHAR,
    Boolean,
    Column,
    DateTime,
    DefaultClause,
    Enum,
    False_,
    True_,
    Uuid,
    false,
    text,
    true,
)
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeDecorator

from app.core.database import run_on_connection
from app.core.database.dialects import DIALECTS
from app.core.settings import load_settings
from app.models.base import Base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations.ops import MigrationScript
    from sqlalchemy import ColumnElement, Connection, TextClause

UUID_DIGITS = 32
LOCK_POLL_SECONDS = 0.2


def finish_revision(
    _context: object, _head: object, directives: list[MigrationScript]
) -> None:
    """Give a new revision its id, and a way back that works on every database.

    Its id is the current minute (UTC), or the next free one.
    """
    for operations in directives[0].downgrade_ops_list:
        for column in dropped_columns(operations):
            make_generic(column)
    taken = {script.revision for script in context.script.walk_revisions()}
    minute = datetime.now(UTC)
    while f"{minute:%Y%m%d_%H%M}" in taken:
        minute += timedelta(minutes=1)
    directives[0].rev_id = f"{minute:%Y%m%d_%H%M}"


def dropped_columns(operations: OpContainer) -> Iterator[Column[Any]]:
    """Yield the columns that a downgrade adds, with types of the connected database."""
    for operation in operations.ops:
        if isinstance(operation, CreateTableOp):
            yield from (c for c in operation.columns if isinstance(c, Column))
        elif isinstance(operation, AddColumnOp):
            yield operation.column
        elif isinstance(operation, OpContainer):
            yield from dropped_columns(operation)


def make_generic(column: Column[Any]) -> None:
    """Replace what the connected database reports by what each one understands."""
    if isinstance(column.type, CHAR) and column.type.length == UUID_DIGITS:
        column.type = Uuid()  # SQLite has no such type
    column.type = column.type.as_generic(allow_nulltype=True)
    if isinstance(column.type, DateTime):
        column.type = DateTime(timezone=True)
    if isinstance(column.server_default, DefaultClause):
        default = str(column.server_default.arg).partition("::")[0]
        found: ColumnElement[Any] | TextClause = text(default)
        if default in {"now()", "CURRENT_TIMESTAMP"}:
            found = now()
        elif isinstance(column.type, Boolean):
            found = true() if default in {"1", "true"} else false()
        column.server_default = DefaultClause(found)


def render_item(_kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render what would tie a revision to one database or to a module of the service.

    Everything else is left to Alembic.
    """
    if isinstance(item, DefaultClause):
        if isinstance(item.arg, (True_, False_)):
            return f"sa.{item.arg}()"
        if isinstance(item.arg, now):
            return "sa.func.now()"
    if isinstance(item, Enum) and not item.native_enum:
        return f"sa.String(length={item.length})"
    own = not type(item).__module__.startswith("sqlalchemy.")
    if own and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def wait_for_lock(connection: Connection) -> None:
    """Lock out other migrations until the connection is closed.

    Wait outside of a transaction: CREATE INDEX CONCURRENTLY in another process would
    wait for its end.
    """
    lock = DIALECTS[connection.dialect.name].MIGRATION_LOCK
    while True:
        locked = connection.exec_driver_sql(lock).scalar()
        connection.commit()
        if locked:
            return
        time.sleep(LOCK_POLL_SECONDS)


def migrate(connection: Connection) -> None:
    """Run the wanted migrations in one transaction, one process at a time."""
    wait_for_lock(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        # SQLite changes a table by copying it; by default that is no transaction.
        render_as_batch=True,
        transactional_ddl=True,
        process_revision_directives=finish_revision,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


settings = context.config.attributes.get("settings") or load_settings()
run_on_connection(settings.database, migrate)
