"""`app users`: accounts, for the operator of the service."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from app.auth.credentials import Passwords
from app.commands._database import with_database
from app.repositories.users import SqlUserRepository
from app.schemas.base import PageQuery
from app.schemas.passwords import checked_password
from app.schemas.users import checked_email
from app.scopes import ADMIN
from app.services.users import UserService

if TYPE_CHECKING:
    from app.core.database import Database, Session
    from app.core.settings import Settings
    from app.schemas.users import UserPublic

_PAGE: Final = 500


def _email(ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        return checked_email(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def _password() -> str:
    """Prompt twice, or read one line if standard input is not a terminal."""
    if sys.stdin.isatty():
        password: str = click.prompt(
            "Password",
            hide_input=True,
            confirmation_prompt=True,
        )
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        return checked_password(password)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _users(settings: Settings, session: Session) -> UserService:
    return UserService(SqlUserRepository(session), Passwords(settings.auth))


@click.group()
def command() -> None:
    """Manage accounts."""


@command.command("create-admin")
@click.option("--email", required=True, callback=_email, help="E-mail address.")
@with_database
async def create_admin(settings: Settings, database: Database, email: str) -> None:
    """Create an administrator; prompt for the password, or read it from stdin."""
    password = _password()
    async with database.transaction() as session:
        users = _users(settings, session)
        user = await users.create(email, password, [ADMIN])
    click.echo(f"Created administrator {user.email} ({user.id}).")


@command.command("set-password")
@click.option("--email", required=True, callback=_email, help="E-mail address.")
@with_database
async def set_password(settings: Settings, database: Database, email: str) -> None:
    """Set the password of an account. This ends all its sessions."""
    password = _password()
    async with database.transaction() as session:
        users = _users(settings, session)
        await users.set_password(email, password)
    click.echo(f"Set the password of {email}.")


@command.command("list")
@with_database
async def list_users(settings: Settings, database: Database) -> None:
    """List all accounts, newest first."""
    page, pages = 1, 1
    while page <= pages:
        async with database.transaction(readonly=True) as session:
            users = _users(settings, session)
            listed = await users.list(PageQuery(page=page, size=_PAGE))
        for user in listed.items:
            click.echo(_line(user))
        page, pages = page + 1, listed.pages


@command.command()
@click.option("--email", required=True, callback=_email, help="E-mail address.")
@with_database
async def promote(settings: Settings, database: Database, email: str) -> None:
    """Make an account an administrator, with immediate effect."""
    async with database.transaction() as session:
        user = await _users(settings, session).promote(email)
    click.echo(_line(user))


@command.command()
@click.option("--email", required=True, callback=_email, help="E-mail address.")
@with_database
async def demote(settings: Settings, database: Database, email: str) -> None:
    """Make an administrator an ordinary user, with immediate effect."""
    async with database.transaction() as session:
        user = await _users(settings, session).demote(email)
    click.echo(_line(user))


@command.command()
@click.option("--email", required=True, callback=_email, help="E-mail address.")
@with_database
async def disable(settings: Settings, database: Database, email: str) -> None:
    """Disable an account, with immediate effect. This ends all its sessions."""
    async with database.transaction() as session:
        user = await _users(settings, session).set_active(email, is_active=False)
    click.echo(_line(user))


@command.command()
@click.option("--email", required=True, callback=_email, help="E-mail address.")
@with_database
async def enable(settings: Settings, database: Database, email: str) -> None:
    """Enable an account that was disabled. Its user logs in anew."""
    async with database.transaction() as session:
        user = await _users(settings, session).set_active(email, is_active=True)
    click.echo(_line(user))


def _line(user: UserPublic) -> str:
    """Return an account as one line, its fields separated by tabs."""
    scopes = ",".join(user.scopes) or "no scopes"
    state = "active" if user.is_active else "disabled"
    created = f"created {user.created_at:%Y-%m-%d %H:%M}"
    return f"{user.id}\t{user.email}\t{scopes}\t{state}\t{created}"
