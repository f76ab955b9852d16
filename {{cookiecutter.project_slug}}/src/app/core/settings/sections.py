"""Groups of settings, each with its checks for staging and production."""

from __future__ import annotations

import json
import re
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
)
from pydantic_settings import NoDecode

if TYPE_CHECKING:
    from collections.abc import Iterator


def _split(value: object) -> object:
    """Parse a list, written as JSON or separated by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


type Listed[T] = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_split)]


def _readable(value: str) -> str:
    """Reject a limit that cannot be parsed."""
    try:
        parse(value)
    except ValueError:
        message = 'must be a limit such as "600/minute"'
        raise ValueError(message) from None
    return value


type Limit = Annotated[str, AfterValidator(_readable)]


class Section(BaseModel):
    """A group of immutable settings; unknown names are rejected."""

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
    """The rate limit per IP address.

    A limit is written like "600/minute". Each process counts in memory, or all replicas
    share their counts in Redis (`redis://...`). The IPv6 addresses of one network, with
    a prefix of `ipv6_prefix_length` bits, count as one.
    """

    enabled: bool = True
    storage_url: SecretStr = SecretStr("memory://")
    requests: Limit = "600/minute"
    ipv6_prefix_length: int = Field(default=64, ge=32, le=128)


class CorsSettings(Section):
    """Web origins that may call from a browser; none by default."""

    origins: Listed[str] = ()

    def unsafe_settings(self) -> Iterator[str]:
        """Refuse the wildcard (OWASP ASVS 3.4.2)."""
        if "*" in self.origins:
            yield "CORS__ORIGINS must list origins, not *"


type IPNetwork = IPv4Network | IPv6Network


def _unmapped(network: IPNetwork) -> IPNetwork:
    """Return the IPv4 network, if that is what it stands for: `::ffff:10.0.0.0/104`."""
    if isinstance(network, IPv6Network):
        address = network.network_address.ipv4_mapped
        if address is not None:
            return IPv4Network((address, network.prefixlen - 96))
    return network


type Networks = Listed[Annotated[IPNetwork, AfterValidator(_unmapped)]]

_ROOT_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


def _root_path(value: str) -> str:
    """Return the path without a slash at its end; reject what needs escaping."""
    path = value.removesuffix("/")
    if not _ROOT_PATH.fullmatch(path):
        message = 'must be a path such as "/shop"'
        raise ValueError(message)
    return path


type RootPath = Annotated[str, AfterValidator(_root_path)]
