"""Settings of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core.settings.sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

SCHEMES: Final = ("postgresql", "sqlite")

_TRIED_FIRST = frozenset({"", "app", "postgres", "password", "change-me"})


# Those of libpq that asyncpg has, too, so that a URL means the same to both
# (https://www.postgresql.org/docs/current/libpq-connect.html).
PARAMETERS: Final = frozenset(
    {
        *("host", "port", "passfile", "connect_timeout", "target_session_attrs"),
        *("application_name", "fallback_application_name", "options"),
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version"),
    }
)


def _names_a_database(value: SecretStr) -> SecretStr:
    """Reject the URL of an unsupported database, and parameters that are unknown."""
    try:
        url = make_url(value.get_secret_value())
        scheme = url.get_backend_name()
    except (ArgumentError, ValueError):
        message = "must be a database URL"
        raise ValueError(message) from None
    if scheme not in SCHEMES:
        known = " or ".join(f"{known}://" for known in SCHEMES)
        message = f"{scheme}:// is not supported; use {known}"
        raise ValueError(message)
    supported = PARAMETERS if scheme == "postgresql" else frozenset[str]()
    if unknown := sorted(url.query.keys() - supported):
        message = f"has parameters that are not supported: {', '.join(unknown)}"
        raise ValueError(message)
    if not all(map(str.isdecimal, url.normalized_query.get("connect_timeout", ()))):
        message = "has a connect_timeout that is not a number of seconds"
        raise ValueError(message)
    return value


type DatabaseUrl = Annotated[SecretStr, AfterValidator(_names_a_database)]


class DatabaseSettings(Section):
    """The database, its connection pool and timeouts, in seconds.

    Attributes:
        password: replaces the password in the URL, to keep it out of the URL.
        pool_size: connections per process.
        pool_timeout: how long a request waits for a connection.
    """

    url: DatabaseUrl = SecretStr("sqlite:///app.db")
    password: SecretStr | None = None
    pool_size: int = Field(default=10, ge=1)
    pool_timeout: float = Field(default=3, gt=0)
    connect_timeout: int = Field(default=2, ge=1)
    statement_timeout: int = Field(default=10, ge=1)

    def address(self) -> URL:
        """Return the parsed URL, with the effective password."""
        url = make_url(self.url.get_secret_value())
        if self.password is None or url.get_backend_name() != "postgresql":
            return url
        return url.set(password=self.password.get_secret_value())

    def unsafe_settings(self) -> Iterator[str]:
        """Refuse a local file, and a password that everybody tries first.

        A Unix socket needs no password: the server authenticates the process.
        """
        url = self.address()
        if url.get_backend_name() != "postgresql":
            yield "DATABASE__URL names a file on this machine; use postgresql://"
            return
        host = url.query.get("host", "")
        if not url.password and isinstance(host, str) and host.startswith("/"):
            return
        if (url.password or "") in _TRIED_FIRST:
            yield (
                "DATABASE__URL (or DATABASE__PASSWORD) has no password,"
                " or one that everybody tries first"
            )
