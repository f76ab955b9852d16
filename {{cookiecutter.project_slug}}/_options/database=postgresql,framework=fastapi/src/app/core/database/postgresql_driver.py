"""asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError, IntegrityError

    from app.core.settings.database import DatabaseSettings

NAME: Final = "postgresql+asyncpg"


def driver_url(url: URL) -> URL:
    """Return the URL without TLS options, which SQLAlchemy cannot pass on."""
    return url.set(drivername=NAME).difference_update_query(_tls_options(url))


def _tls_options(url: URL) -> dict[str, Any]:
    return {key: url.query[key] for key in url.query if key.startswith("ssl")}


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the options of the driver; the server expects milliseconds."""
    # asyncpg reads sslmode, sslrootcert and the like in a URL only.
    tls = URL.create("postgresql", query=_tls_options(settings.address()))
    return {
        "dsn": tls.render_as_string(),
        "timeout": settings.connect_timeout,
        "server_settings": {
            "statement_timeout": str(settings.statement_timeout * 1000),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
        },
    }


def diagnostics(error: IntegrityError) -> object:
    """Return the names of the constraint, table and column, as attributes."""
    return getattr(error.orig, "__cause__", None)


def sqlstate(error: DBAPIError) -> str | None:
    """Return the server's five-character error code."""
    return getattr(error.orig, "sqlstate", None)
