"""psycopg 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psycopg import Error

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.exc import DBAPIError, IntegrityError

    from app.core.settings.database import DatabaseSettings

NAME: Final = "postgresql+psycopg"


def driver_url(url: URL) -> URL:
    """Return the URL with its options, which libpq reads."""
    return url.set(drivername=NAME)


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the options of the driver; the server expects milliseconds."""
    return {
        "connect_timeout": settings.connect_timeout,
        "options": (
            f"-c statement_timeout={settings.statement_timeout * 1000}"
            " -c idle_in_transaction_session_timeout=60000"
            " -c timezone=UTC"
        ),
    }


def diagnostics(error: IntegrityError) -> object:
    """Return the names of the constraint, table and column, as attributes."""
    return getattr(error.orig, "diag", None)


def sqlstate(error: DBAPIError) -> str | None:
    """Return the server's five-character error code."""
    return error.orig.sqlstate if isinstance(error.orig, Error) else None
