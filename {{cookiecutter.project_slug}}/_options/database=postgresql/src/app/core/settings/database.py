"""Settings of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core.settings.sections import SecretUrl, Section, is_deployed

if TYPE_CHECKING:
    from sqlalchemy import URL

SCHEMES: Final = ("postgresql", "sqlite")

_TRIED_FIRST = frozenset({"", "app", "postgres", "password", "change-me"})

# Parameters of libpq that a URL may have
# (https://www.postgresql.org/docs/current/libpq-connect.html).
PARAMETERS: Final = frozenset(
    {
        *("host", "port", "passfile", "connect_timeout", "target_session_attrs"),
        *("application_name", "fallback_application_name", "options"),
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version"),
    }
)


def _names_a_database(value: SecretUrl) -> SecretUrl:
    """Reject the URL of an unsupported database, and parameters that are unknown."""
    try:
        url = make_url(value.get_secret_value())
        scheme = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise ValueError("must be a database URL") from None
    if scheme not in SCHEMES:
        known = " or ".join(f"{known}://" for known in SCHEMES)
        raise ValueError(f"must begin with {known}")
    supported = PARAMETERS if scheme == "postgresql" else frozenset[str]()
    if unknown := sorted(url.query.keys() - supported):
        raise ValueError(f"has parameters that are not supported: {', '.join(unknown)}")
    if not all(map(str.isdecimal, url.normalized_query.get("connect_timeout", ()))):
        raise ValueError("has a connect_timeout that is not a number of seconds")
    return value


type DatabaseUrl = Annotated[SecretUrl, AfterValidator(_names_a_database)]


def _address(url: SecretUrl, password: SecretStr | None) -> URL:
    """Return the parsed URL, with the effective password."""
    parsed = make_url(url.get_secret_value())
    if password is None or parsed.get_backend_name() != "postgresql":
        return parsed
    return parsed.set(password=password.get_secret_value())


def _danger(url: URL) -> str | None:
    """Return what is unsafe about a local file, or a password that can be guessed.

    A Unix socket needs no password: the server authenticates the process.
    """
    if url.get_backend_name() != "postgresql":
        return "names a file on this machine; use postgresql://"
    host = url.query.get("host", "")
    if not url.password and isinstance(host, str) and host.startswith("/"):
        return None
    if (url.password or "") in _TRIED_FIRST:
        return (
            "(or DATABASE__PASSWORD) has no password, or one that everybody tries first"
        )
    return None


class DatabaseSettings(Section):
    """The database, its connection pool and timeouts, in seconds.

    Attributes:
        password: replaces the password in the URL, to keep it out of the URL.
        pool_size: connections per process.
        pool_timeout: how long a request waits for a connection.
        lock_timeout: how long a statement waits for other transactions.
    """

    password: SecretStr | None = None  # before the URL, whose check reads it
    url: DatabaseUrl = SecretUrl("sqlite:///app.db")
    pool_size: int = Field(default=10, ge=1)
    pool_timeout: float = Field(default=1, gt=0)
    connect_timeout: int = Field(default=2, ge=1)
    lock_timeout: float = Field(default=1, ge=0.001)
    statement_timeout: int = Field(default=10, ge=1)

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: SecretUrl, info: ValidationInfo) -> SecretUrl:
        """Reject in staging and production what only suits development."""
        if is_deployed(info):
            danger = _danger(_address(url, info.data.get("password")))
            if danger is not None:
                raise ValueError(danger)
        return url

    def address(self) -> URL:
        """Return the parsed URL, with the effective password."""
        return _address(self.url, self.password)
