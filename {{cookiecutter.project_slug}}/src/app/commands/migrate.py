"""`app migrate`: the database's tables."""

from __future__ import annotations

import click

from app.core.database.migrations import upgrade
from app.core.settings import load_settings


@click.command()
@click.argument("revision", default="head")
def command(revision: str) -> None:
    """Bring the database to REVISION (the newest unless told otherwise)."""
    upgrade(load_settings(), revision)
    click.echo(f"The database is at {revision}.")
