"""`app serve`: the HTTP server."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from importlib.util import find_spec

import click
from click.core import ParameterSource
from granian.constants import HTTPModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

from app.commands._server import Server
from app.core.database.migrations import upgrade
from app.core.logging import configure_logging
from app.core.server import SERVER_OPTIONS
from app.core.settings import Environment, load_settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to bind; 0 for a free one.",
)
@click.option("--fd", type=int, help="Listen on this inherited socket instead.")
@click.option("--workers", default=1, show_default=True, help="Number of processes.")
@click.option("--reload", is_flag=True, help="Restart when a source file changes.")
@click.pass_context
def command(
    ctx: click.Context,
    host: str,
    port: int,
    fd: int | None,
    workers: int,
    *,
    reload: bool,
) -> None:
    """Serve HTTP. In development, migrate the database first."""
    if reload and find_spec("watchfiles") is None:
        raise click.UsageError("--reload needs the development dependencies: uv sync")
    if fd is not None:
        sources = [ctx.get_parameter_source(name) for name in ("host", "port")]
        if ParameterSource.COMMANDLINE in sources:
            raise click.UsageError("--fd cannot be combined with --host or --port")
        host, port = _address_of(fd)
    settings = load_settings()
    server = Server(
        "app.main:create_app",
        address=host,
        port=port,
        inherited=fd,
        workers=workers,
        reload=reload,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.keep_alive_seconds * 1000
        ),
        shutdown_seconds=settings.shutdown_seconds,
        log_level=LogLevels.info if settings.debug else LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}},
        **SERVER_OPTIONS,
    )
    if settings.environment is Environment.DEVELOPMENT:
        upgrade(settings)
        ready = f"Serving on {server.url} (try {server.url}/docs)"
        server.on_startup(lambda: click.echo(ready))
    configure_logging(settings)
    server.run(settings.drain_seconds)


def _address_of(fd: int) -> tuple[str, int]:
    """Return the address that an inherited socket listens on.

    Raises:
        BadParameter: it is not a listening TCP socket.
    """
    with suppress(OSError), socket.socket(fileno=os.dup(fd)) as inherited:
        listens = inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if listens and inherited.family in {socket.AF_INET, socket.AF_INET6}:
            host, port, *_ = inherited.getsockname()
            return host, port
    raise click.BadParameter(f"{fd} is not a listening TCP socket.", param_hint="--fd")
