"""asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import asyncpg
from sqlalchemy import URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.exc import DBAPIError, IntegrityError

NAME: Final = "postgresql+asyncpg"


# Parameters that asyncpg reads in a URL only.
_IN_URL: Final = ("ssl", "passfile", "target_session_attrs")


def driver_url(url: URL) -> URL:
    """Return the URL with the hosts, but without other parameters."""
    hosts = {key: url.query[key] for key in ("host", "port") if key in url.query}
    return url.set(drivername=NAME, query=hosts)


def connect_args(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of the driver for parameters of libpq."""
    in_url = {key: parameters[key] for key in parameters if key.startswith(_IN_URL)}
    settings = {"options": parameters["options"]}
    for key in ("application_name", "fallback_application_name"):
        if key in parameters:
            settings.setdefault("application_name", parameters[key])
    return {
        "async_creator_fn": _connect,
        "dsn": URL.create("postgresql", query=in_url).render_as_string(),
        "timeout": int(parameters["connect_timeout"]) or None,  # 0: no limit
        "server_settings": settings,
    }


async def _connect(**options: Any) -> object:  # noqa: ANN401 -- those of asyncpg
    """Connect.

    Raises:
        ConnectionError: asyncpg itself gives up, as without a server to write to.
    """
    try:
        return await asyncpg.connect(**options)
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise ConnectionError(str(error)) from error


def diagnostics(error: IntegrityError) -> object:
    """Return the names of the constraint, table and column, as attributes."""
    return getattr(error.orig, "__cause__", None)


def sqlstate(error: DBAPIError) -> str | None:
    """Return the server's five-character error code."""
    return getattr(error.orig, "sqlstate", None)
