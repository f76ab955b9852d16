"""`app config`: the effective settings."""

from __future__ import annotations

import click

from app.core.settings import load_settings


@click.command()
def command() -> None:
    """Print the effective settings, with secrets masked."""
    click.echo(load_settings().model_dump_json(indent=2))
