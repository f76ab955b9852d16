"""`app openapi`: the OpenAPI document."""

from __future__ import annotations

import json

import click

from app.main import create_app


@click.command()
def command() -> None:
    """Print the OpenAPI document as JSON."""
    click.echo(json.dumps(create_app().openapi(), indent=2))
