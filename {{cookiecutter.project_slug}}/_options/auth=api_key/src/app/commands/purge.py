"""`app purge`: deletion of expired data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.commands._api_keys import all_keys
from app.commands._database import with_database

if TYPE_CHECKING:
    from app.core.database import Database
    from app.core.settings import Settings


@click.command()
@with_database
async def command(_settings: Settings, database: Database) -> None:
    """Delete keys that ended over 30 days ago. Creating a key does this, too."""
    async with database.transaction() as session:
        number = await all_keys(session).purge()
    click.echo(f"Deleted {number} API keys.")
