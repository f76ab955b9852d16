"""The groups of settings, each with what it refuses outside development."""

from __future__ import annotations

import json
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Annotated

from limits import parse
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
)
from pydantic_settings import NoDecode
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core import dialects

if TYPE_CHECKING:
    from collections.abc import Iterator


def _split(value: object) -> object:
    """Read a list written as JSON or separated by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


type Listed[T] = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_split)]


def _readable(value: str) -> str:
    """Refuse a limit that the library could not read when it is needed."""
    try:
        parse(value)
    except ValueError:
        message = 'this does not read like "600/minute"'
        raise ValueError(message) from None
    return value


type Limit = Annotated[str, AfterValidator(_readable)]


class Section(BaseModel):
    """A group of settings: unknown names are refused, values do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    def offences(self) -> Iterator[str]:
        """Yield what must not be so in staging and production, a sentence each."""
        yield from ()


class DatabaseSettings(Section):
    """Where the data is, and how long to wait for it. Times are in seconds."""

    url: SecretStr = SecretStr("sqlite:///app.db")
    pool_size: int = Field(default=10, ge=1)
    pool_timeout: float = Field(default=3, gt=0)
    connect_timeout: int = Field(default=2, ge=1)
    statement_timeout: int = Field(default=10, ge=1)

    @field_validator("url")
    @classmethod
    def _names_a_database(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value())
        except ArgumentError:
            message = "this is not a database URL"
            raise ValueError(message) from None
        dialects.dialect_of(url)
        return value

    def offences(self) -> Iterator[str]:
        """Refuse a local file where the service has a database server."""
        url = make_url(self.url.get_secret_value())
        servers = [name for name in dialects.names() if dialects.load(name).IS_SERVER]
        if servers and url.get_backend_name() not in servers:
            wanted = " or ".join(f"{name}://" for name in servers)
            yield f"DATABASE__URL names a file on this machine; use {wanted}"
        yield from dialects.dialect_of(url).offences(url)


class RateLimitSettings(Section):
    """How often one address may call.

    Limits read like "600/minute". Counts are kept in memory by each process, or in
    Redis (`redis://...`) so that all replicas share them.
    """

    enabled: bool = True
    storage_url: SecretStr = SecretStr("memory://")
    requests: Limit = "600/minute"


class CorsSettings(Section):
    """Which web origins may call from a browser; none unless listed."""

    origins: Listed[str] = ()

    def offences(self) -> Iterator[str]:
        """Refuse the wildcard (OWASP ASVS 3.4.2)."""
        if "*" in self.origins:
            yield "CORS__ORIGINS must list origins, not *"


type Networks = Listed[IPv4Network | IPv6Network]
