"""Shared set-up of commands that use the database."""

from __future__ import annotations

import asyncio
import functools
import sys
from typing import TYPE_CHECKING, Concatenate

import structlog

from app.core.database import Database
from app.core.database.migrations import upgrade
from app.core.settings import Environment, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def with_database[**P](
    command: Callable[Concatenate[Settings, Database, P], Awaitable[None]],
) -> Callable[P, None]:
    """Pass the settings and the database to a command; migrate in development."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _log_to_stderr()
        settings = load_settings()
        if settings.environment is Environment.DEVELOPMENT:
            upgrade(settings)
        asyncio.run(main(settings, *args, **kwargs))

    async def main(settings: Settings, *args: P.args, **kwargs: P.kwargs) -> None:
        database = Database(settings.database)
        try:
            await command(settings, database, *args, **kwargs)
        finally:
            await database.dispose()

    return run


def _log_to_stderr() -> None:
    """Keep standard output for results, which other programs may read."""
    structlog.reset_defaults()
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
