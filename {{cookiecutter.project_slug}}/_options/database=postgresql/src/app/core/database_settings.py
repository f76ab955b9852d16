"""What can be set about the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from sqlalchemy import make_url

from app.core import dialects
from app.core.sections import DatabaseUrl, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


class DatabaseSettings(Section):
    """Where the data is, and how long to wait for it. Times are in seconds.

    Attributes:
        password: takes the place of the URL's, so that the URL holds no secret.
        pool_size: connections of each process.
        pool_timeout: how long a request waits for one of them.
    """

    url: DatabaseUrl = SecretStr("sqlite:///app.db")
    password: SecretStr | None = None
    pool_size: int = Field(default=10, ge=1)
    pool_timeout: float = Field(default=3, gt=0)
    connect_timeout: int = Field(default=2, ge=1)
    statement_timeout: int = Field(default=10, ge=1)

    def address(self) -> URL:
        """Return the URL in its parts, with the password in effect."""
        url = make_url(self.url.get_secret_value())
        if self.password is None or not dialects.dialect_of(url).IS_SERVER:
            return url
        return url.set(password=self.password.get_secret_value())

    def offences(self) -> Iterator[str]:
        """Refuse a local file where the service has a database server."""
        url = self.address()
        servers = [name for name in dialects.names() if dialects.load(name).IS_SERVER]
        if servers and url.get_backend_name() not in servers:
            wanted = " or ".join(f"{name}://" for name in servers)
            yield f"DATABASE__URL names a file on this machine; use {wanted}"
        yield from dialects.dialect_of(url).offences(url)
