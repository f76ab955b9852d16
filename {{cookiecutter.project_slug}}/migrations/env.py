"""Runs migrations with the service's own settings, one process at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from alembic import context
from sqlalchemy import DefaultClause, Enum, False_, True_
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeDecorator

from app.core.database import run_on_connection
from app.core.database.dialects import DIALECTS
from app.core.settings import load_settings
from app.models.base import Base

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from sqlalchemy import Connection


def set_revision_id(
    _context: object, _head: object, directives: list[MigrationScript]
) -> None:
    """Use the current minute (UTC) as a new revision's id, or the next free one."""
    taken = {script.revision for script in context.script.walk_revisions()}
    minute = datetime.now(UTC)
    while f"{minute:%Y%m%d_%H%M}" in taken:
        minute += timedelta(minutes=1)
    directives[0].rev_id = f"{minute:%Y%m%d_%H%M}"


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


def migrate(connection: Connection) -> None:
    """Run the wanted migrations in one transaction that no other process can enter."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        # SQLite changes a table by copying it; by default that is no transaction.
        render_as_batch=True,
        transactional_ddl=True,
        process_revision_directives=set_revision_id,
        render_item=render_item,
    )
    with context.begin_transaction():
        connection.exec_driver_sql(DIALECTS[connection.dialect.name].MIGRATION_LOCK)
        context.run_migrations()


settings = context.config.attributes.get("settings") or load_settings()
run_on_connection(settings.database, migrate)
