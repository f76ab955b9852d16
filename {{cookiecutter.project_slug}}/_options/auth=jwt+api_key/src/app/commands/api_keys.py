"""`app api-keys`: API keys, for the operator of the service."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from app.commands import _api_keys
from app.commands._database import with_database
from app.errors import NotFoundError
from app.repositories.api_keys import SqlApiKeyRepository
from app.repositories.users import SqlUserRepository
from app.schemas.users import checked_email
from app.scopes import all_scopes
from app.services.api_keys import ApiKeyService

if TYPE_CHECKING:
    from app.core.database import Database
    from app.core.settings import Settings


def _email(ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        return checked_email(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


@click.group()
def command() -> None:
    """Manage API keys."""


@command.command()
@click.option(
    "--user",
    "email",
    required=True,
    callback=_email,
    help="E-mail address of the account that owns the key.",
)
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
    *,
    email: str,
    name: str,
    scopes: tuple[str, ...],
    expires_in: timedelta | None,
) -> None:
    """Create a key for a user, within their scopes. It is printed only once."""
    data = _api_keys.new_key(name, scopes, expires_in)
    async with database.transaction() as session:
        user = await SqlUserRepository(session).find_by_email(email)
        if user is None:
            raise NotFoundError("There is no account with this e-mail address.")
        keys = SqlApiKeyRepository(session)
        service = ApiKeyService(keys, user.scopes, _api_keys.CLIENT)
        made = await service.create(data, user.id)
    _api_keys.print_key(made)


command.add_command(_api_keys.list_keys)
command.add_command(_api_keys.rotate)
command.add_command(_api_keys.revoke)
