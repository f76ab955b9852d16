"""`app config`: the settings in effect."""

from __future__ import annotations

import click

from app.core.settings import load_settings


@click.command()
def command() -> None:
    """Print the settings in effect, secrets masked."""
    click.echo(load_settings().model_dump_json(indent=2))
