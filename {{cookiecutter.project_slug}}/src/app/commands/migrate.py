"""`app migrate`: database migrations."""

from __future__ import annotations

import click

from app.core.database.migrations import upgrade
from app.core.settings import load_settings


@click.command()
@click.argument("revision", default="head")
def command(revision: str) -> None:
    """Upgrade the database to REVISION (default: the latest)."""
    upgrade(load_settings(), revision)
    click.echo(f"Migrated the database to {revision}.")
