"""psycopg 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psycopg import Error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL
    from sqlalchemy.exc import DBAPIError, IntegrityError

NAME: Final = "postgresql+psycopg"


def driver_url(url: URL) -> URL:
    """Return the URL with the hosts, but without other parameters."""
    hosts = {key: url.query[key] for key in ("host", "port") if key in url.query}
    return url.set(drivername=NAME, query=hosts)


def connect_args(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of the driver: libpq knows all parameters."""
    return {key: parameters[key] for key in parameters.keys() - {"host", "port"}}


def diagnostics(error: IntegrityError) -> object:
    """Return the names of the constraint, table and column, as attributes."""
    return getattr(error.orig, "diag", None)


def sqlstate(error: DBAPIError) -> str | None:
    """Return the server's five-character error code."""
    return error.orig.sqlstate if isinstance(error.orig, Error) else None
