"""The `app` command."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import cast

import click

from app import DESCRIPTION, VERSION, commands
from app.core.settings import env_file_warnings, write_missing_env_file
from app.errors import AppError, ConfigurationError


class _Commands(click.Group):
    """One command per module of `app.commands`, imported when needed."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        names = [module.name for module in pkgutil.iter_modules(commands.__path__)]
        return [name.replace("_", "-") for name in names if not name.startswith("_")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"app.commands.{cmd_name.replace('-', '_')}")
        return cast("click.Command", module.command)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; print expected errors as a message, without a traceback."""
        try:
            return super().invoke(ctx)
        except (AppError, ConfigurationError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, invoke_without_command=True, help=DESCRIPTION)
@click.version_option(VERSION)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Serve if no command is given."""
    if write_missing_env_file(Path.cwd()):
        click.echo("Wrote .env from .env.example.", err=True)
    for warning in env_file_warnings():
        click.echo(f"Warning: {warning}", err=True)
    if ctx.invoked_subcommand is None:
        ctx.invoke(cast("click.Command", main.get_command(ctx, "serve")))
