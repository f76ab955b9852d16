"""What can be set about the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core.settings.sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


def _names_a_database(value: SecretStr) -> SecretStr:
    """Refuse a URL of a database that the service does not know."""
    try:
        scheme = make_url(value.get_secret_value()).get_backend_name()
    except ArgumentError:
        message = "this is not a database URL"
        raise ValueError(message) from None
    if scheme != "sqlite":
        message = f"{scheme}:// is not supported; use sqlite://"
        raise ValueError(message)
    return value


type DatabaseUrl = Annotated[SecretStr, AfterValidator(_names_a_database)]


class DatabaseSettings(Section):
    """Where the data is, and how long to wait for it.

    Attributes:
        pool_size: connections of each process.
        pool_timeout: how many seconds a request waits for one, or a writer for another.
    """

    url: DatabaseUrl = SecretStr("sqlite:///app.db")
    pool_size: int = Field(default=10, ge=1)
    pool_timeout: float = Field(default=3, gt=0)

    def address(self) -> URL:
        """Return the URL in its parts."""
        return make_url(self.url.get_secret_value())

    def unsafe_settings(self) -> Iterator[str]:
        """Refuse a database that is gone when the process ends."""
        if self.address().database in {None, "", ":memory:"}:
            yield "DATABASE__URL names a database in memory; it ends with the process"
