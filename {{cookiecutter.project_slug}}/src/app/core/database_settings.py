"""What can be set about the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from sqlalchemy import make_url

from app.core.dialects import dialect_of
from app.core.sections import DatabaseUrl, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


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

    def offences(self) -> Iterator[str]:
        """Refuse a database that does not last."""
        yield from dialect_of(self.address()).offences(self.address())
