"""What differs from one database to the next, one module each.

The module is named for the scheme of the URL that it serves.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Engine
    from sqlalchemy.exc import DBAPIError, IntegrityError

    from app.core.database_settings import DatabaseSettings


class Dialect(Protocol):
    """The names that each module of this package supplies.

    Attributes:
        IS_SERVER: whether several machines can share the data.
        MIGRATION_LOCK: a statement that keeps a second migration waiting.
        READ_OPTIONS: execution options of transactions that only read.
    """

    IS_SERVER: bool
    MIGRATION_LOCK: str
    READ_OPTIONS: dict[str, Any]

    def driver_url(self, url: URL) -> URL:
        """Return the URL with the driver that the service uses."""

    def engine_options(self, settings: DatabaseSettings) -> dict[str, Any]:
        """Return what `create_engine` takes."""

    def configure(self, engine: Engine, *, migrating: bool) -> None:
        """Prepare every connection of the engine."""

    def violated_constraint(self, error: IntegrityError) -> str | None:
        """Return the name of the constraint that a statement has violated."""

    def is_transient(self, error: DBAPIError) -> bool:
        """Whether the same statement may succeed soon."""

    def offences(self, url: URL) -> Iterator[str]:
        """Yield what is wrong with the URL outside development."""


def names() -> list[str]:
    """Return the schemes that a database URL may have."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def load(name: str) -> Dialect:
    """Return the dialect of that name."""
    return cast("Dialect", import_module(f"{__name__}.{name}"))


def dialect_of(url: URL) -> Dialect:
    """Return the dialect that serves a database URL.

    Raises:
        ValueError: none does.
    """
    backend = url.get_backend_name()
    if backend not in names():
        known = " or ".join(f"{name}://" for name in names())
        message = f"{backend}:// is not supported; use {known}"
        raise ValueError(message)
    return load(backend)
