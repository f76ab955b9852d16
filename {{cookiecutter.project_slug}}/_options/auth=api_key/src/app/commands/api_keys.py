"""`app api-keys`: API keys, for the operator of the service."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from app.commands import _api_keys
from app.commands._database import with_database
from app.core.ids import uuid7
from app.scopes import all_scopes

if TYPE_CHECKING:
    from app.core.database import Database
    from app.core.settings import Settings


@click.group()
def command() -> None:
    """Manage API keys."""


@command.command()
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(all_scopes()),
    help="Scope of the key; can be repeated.",
)
@click.option(
    "--expires-in",
    type=_api_keys.Duration(),
    help="Lifetime: 12h, 90d. Default: until it is revoked.",
)
@with_database
async def create(
    _settings: Settings,
    database: Database,
    name: str,
    scopes: tuple[str, ...],
    expires_in: timedelta | None,
) -> None:
    """Create a key for a new caller, and print it. It is not shown again."""
    data = _api_keys.new_key(name, scopes, expires_in)
    async with database.transaction() as session:
        made = await _api_keys.all_keys(session).create(data, uuid7())
    _api_keys.print_key(made)


command.add_command(_api_keys.list_keys)
command.add_command(_api_keys.rotate)
command.add_command(_api_keys.revoke)
