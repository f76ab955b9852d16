"""`app purge`: deletion of expired data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.commands._api_keys import all_keys
from app.commands._database import with_database
from app.models.base import utc_now
from app.repositories.sessions import SqlSessionRepository

if TYPE_CHECKING:
    from app.core.database import Database
    from app.core.settings import Settings


@click.command()
@with_database
async def command(_settings: Settings, database: Database) -> None:
    """Delete expired sessions, and keys that ended over 30 days ago.

    The service also does this from time to time.
    """
    number = await SqlSessionRepository(database).purge(utc_now())
    click.echo(f"Deleted {number} sessions.")
    async with database.transaction() as session:
        number = await all_keys(session).purge()
    click.echo(f"Deleted {number} API keys.")
