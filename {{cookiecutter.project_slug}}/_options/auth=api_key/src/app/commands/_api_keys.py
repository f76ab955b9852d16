"""Commands for all API keys, for the operator of the service."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import click
from pydantic import ValidationError

from app.auth.api_keys import key_id_of
from app.commands._database import with_database
from app.errors import NotFoundError
from app.models.api_key import KEY_PREFIX
from app.models.base import utc_now
from app.repositories.api_keys import SqlApiKeyRepository
from app.repositories.key_access import list_with_owners
from app.schemas.api_keys import MAX_OVERLAP_SECONDS, ApiKeyCreate, ApiKeyRotate
from app.scopes import ADMIN
from app.services.api_keys import ApiKeyService

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.database import Database, Session
    from app.core.settings import Settings
    from app.models.api_key import ApiKey
    from app.schemas.api_keys import ApiKeyCreated

CLIENT: Final = "command line"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_DAYS = 36_500
_PAGE = 500


class Duration(click.ParamType[timedelta]):
    """A duration: a whole number of seconds, minutes, hours or days."""

    name = "duration"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> timedelta:
        """Parse a duration such as `90d`."""
        match = re.fullmatch(r"([0-9]{1,10})([smhd])", str(value))
        if match is None:
            self.fail("must be a duration such as 30s, 15m, 12h or 90d", param, ctx)
        length = timedelta(**{_UNITS[match[2]]: int(match[1])})
        if length.days > _MAX_DAYS:
            self.fail("must be at most a hundred years", param, ctx)
        return length


class KeyReference(click.ParamType[UUID | str]):
    """A key's id in the list, or a text with `app_<id>`, which begins every key.

    The rest is ignored: a log has the header, too, and may cut off the secret.
    """

    name = "id"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> UUID | str:
        """Return the id of the row, or that in the key."""
        text = str(value).strip()
        if key_id := key_id_of(text):
            return key_id
        try:
            return UUID(text)
        except ValueError:
            # A key does not belong in a message.
            self.fail(
                f"must be an id, or begin like a key: {KEY_PREFIX}...", param, ctx
            )


def new_key(
    name: str, scopes: Sequence[str], expires_in: timedelta | None
) -> ApiKeyCreate:
    """Return the key that the options describe.

    Raises:
        ClickException: an option is invalid.
    """
    expires_at = None if expires_in is None else utc_now() + expires_in
    values = {"name": name, "scopes": list(scopes), "expires_at": expires_at}
    try:
        return ApiKeyCreate.model_validate(values)
    except ValidationError as error:
        (reason, *_) = error.errors(include_input=False)
        raise click.ClickException(f"{reason['loc'][0]}: {reason['msg']}") from None


def print_key(made: ApiKeyCreated) -> None:
    """Print the key alone on standard output, so that programs can read it."""
    click.echo(made.key)
    created = f"Created key {made.id} ({_printable(made.name)})."
    click.echo(f"{created} It is not shown again.", err=True)


def all_keys(session: Session) -> ApiKeyService:
    """Return the service for all keys, with the rights of an administrator."""
    return ApiKeyService(SqlApiKeyRepository(session), [ADMIN], CLIENT)


@click.command("list")
@with_database
async def list_keys(_settings: Settings, database: Database) -> None:
    """List all keys, newest first."""
    for offset in itertools.count(0, _PAGE):
        async with database.transaction(readonly=True) as session:
            listed = await list_with_owners(session, offset=offset, limit=_PAGE)
        for key, owner in listed:
            click.echo(_line(key, owner))
        if len(listed) < _PAGE:
            break


@click.command()
@click.argument("reference", metavar="ID", type=KeyReference())
@click.option(
    "--overlap",
    default="0s",
    show_default=True,
    type=Duration(),
    help="How long the old key stays valid: 12h, 1d.",
)
@with_database
async def rotate(
    _settings: Settings,
    database: Database,
    reference: UUID | str,
    overlap: timedelta,
) -> None:
    """Create a key that replaces another, and print it. It is not shown again.

    ID is the id of the key in the list, or the key itself, or its beginning.
    """
    seconds = int(overlap.total_seconds())
    if seconds > MAX_OVERLAP_SECONDS:
        raise click.ClickException("The overlap must not be longer than 30 days.")
    data = ApiKeyRotate(overlap_seconds=seconds)
    async with database.transaction() as session:
        api_key_id = await _find_id(session, reference)
        made = await all_keys(session).rotate(api_key_id, data)
    print_key(made)


@click.command()
@click.argument("reference", metavar="ID", type=KeyReference())
@with_database
async def revoke(
    _settings: Settings,
    database: Database,
    reference: UUID | str,
) -> None:
    """Revoke a key, with immediate effect.

    ID is the id of the key in the list, or the key itself, or its beginning.
    """
    async with database.transaction() as session:
        api_key_id = await _find_id(session, reference)
        await all_keys(session).revoke(api_key_id)
    click.echo(f"Revoked key {api_key_id}.")


async def _find_id(session: Session, reference: UUID | str) -> UUID:
    if isinstance(reference, UUID):
        return reference
    api_key_id = await SqlApiKeyRepository(session).find_id(reference)
    if api_key_id is None:
        raise NotFoundError
    return api_key_id


def _line(key: ApiKey, owner: UUID | str) -> str:
    """Return a key as one line, its fields separated by tabs."""
    used = "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}"
    ends = "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d %H:%M}"
    if key.revoked_at is not None:
        ends = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    scopes = ",".join(key.scopes)
    shown = f"{key.prefix}_...{key.last4}"
    name = _printable(key.name)
    times = f"ends {ends}\tused {used}"
    return f"{key.id}\t{shown}\t{name}\t{scopes}\t{times}\towner {owner}"


def _printable(name: str) -> str:
    """Return a name that neither controls a terminal nor looks like another line."""
    return name if name.isprintable() else ascii(name)
