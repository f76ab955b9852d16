"""Runs migrations with the service's own settings, one process at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context

from app.core.configuration import load_settings
from app.core.database import run_on_connection
from app.core.dialects import load
from app.models import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection


def migrate(connection: Connection) -> None:
    """Run the wanted migrations in one transaction that no other process can enter."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        # SQLite changes a table by copying it.
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        connection.exec_driver_sql(load(connection.dialect.name).MIGRATION_LOCK)
        context.run_migrations()


settings = context.config.attributes.get("settings") or load_settings()
run_on_connection(settings.database, migrate)
