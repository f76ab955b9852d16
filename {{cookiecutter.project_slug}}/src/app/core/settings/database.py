"""Settings of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core.settings.sections import SecretUrl, Section, safe_if

if TYPE_CHECKING:
    from sqlalchemy import URL


def _names_a_database(value: SecretUrl) -> SecretUrl:
    """Reject the URL of an unsupported database, and parameters."""
    try:
        url = make_url(value.get_secret_value())
        scheme = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise ValueError("must be a database URL") from None
    if scheme != "sqlite":
        raise ValueError("must begin with sqlite://")
    if url.query:
        unknown = ", ".join(sorted(url.query))
        raise ValueError(f"has parameters that are not supported: {unknown}")
    return value


def _is_persistent(url: SecretUrl) -> bool:
    return make_url(url.get_secret_value()).database not in {None, "", ":memory:"}


type DatabaseUrl = Annotated[SecretUrl, AfterValidator(_names_a_database)]


class DatabaseSettings(Section):
    """The database, its connection pool and timeouts, in seconds.

    Attributes:
        pool_size: connections per process.
        pool_timeout: how long a request waits for a connection.
        lock_timeout: how long it then waits for another writer.
    """

    url: Annotated[
        DatabaseUrl,
        safe_if(_is_persistent, "names a database in memory; it is not persistent"),
    ] = SecretUrl("sqlite:///app.db")
    pool_size: int = Field(default=10, ge=1)
    pool_timeout: float = Field(default=1, gt=0)
    lock_timeout: float = Field(default=1, gt=0)

    def address(self) -> URL:
        """Return the parsed URL."""
        return make_url(self.url.get_secret_value())
