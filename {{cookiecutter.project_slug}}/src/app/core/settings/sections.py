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
    SecretStr,
)
from pydantic_settings import NoDecode

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

    def unsafe_settings(self) -> Iterator[str]:
        """Yield what must not be so in staging and production, a sentence each."""
        yield from ()


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

    def unsafe_settings(self) -> Iterator[str]:
        """Refuse the wildcard (OWASP ASVS 3.4.2)."""
        if "*" in self.origins:
            yield "CORS__ORIGINS must list origins, not *"


type Networks = Listed[IPv4Network | IPv6Network]
