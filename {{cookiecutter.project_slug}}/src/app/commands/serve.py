"""`app serve`: the HTTP server."""

from __future__ import annotations

import multiprocessing
from threading import Event, Thread

import click
from granian import Granian
from granian.constants import HTTPModes
from granian.http import HTTP1Settings

from app.core.configuration import load_settings
from app.core.interface import SERVER_OPTIONS
from app.core.migrations import upgrade
from app.core.settings import Environment

HEADER_READ_MILLISECONDS = 10_000
SHUTDOWN_SECONDS = 20


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--port", default=8000, show_default=True, help="Port to bind.")
@click.option("--workers", default=1, show_default=True, help="Number of processes.")
@click.option("--reload", is_flag=True, help="Restart when a source changes.")
def command(host: str, port: int, workers: int, *, reload: bool) -> None:
    """Serve HTTP; in development the database is migrated first."""
    settings = load_settings()
    if settings.environment is Environment.DEVELOPMENT:
        upgrade(settings)
        click.echo(f"Serving on http://{host}:{port} (try http://{host}:{port}/docs)")
    # A fresh interpreter for each worker: a forked one would swallow a SIGTERM that
    # arrives while it still starts.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "app.main:create_app",
        factory=True,
        address=host,
        port=port,
        workers=workers,
        reload=reload,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_MILLISECONDS),
        workers_kill_timeout=SHUTDOWN_SECONDS,
        log_enabled=settings.debug,
        **SERVER_OPTIONS,
    )

    ended = Event()

    def insist_on_stopping() -> None:
        """Repeat the signal: a worker that has just started may miss the first one."""
        while not ended.wait(1):
            if server.interrupt_signal:
                for worker in multiprocessing.active_children():
                    worker.terminate()

    Thread(target=insist_on_stopping, daemon=True).start()
    try:
        server.serve()
    finally:
        ended.set()
