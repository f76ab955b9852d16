"""Types of settings, and groups, each with its checks for staging and production."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import unquote, urlsplit

from limits import parse
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Secret,
    ValidationInfo,
)
from pydantic_settings import NoDecode

if TYPE_CHECKING:
    from collections.abc import Callable

_STORAGES: Final = ("memory", "redis", "rediss", "redis+unix")

_MASK: Final = "**********"
# From the first colon behind the scheme to the last @, since a password that was not
# percent-encoded may hold every character.
_PASSWORD: Final = re.compile(r"(?<=://)([^:/]*):.+@", re.DOTALL)


class SecretUrl(Secret[str]):
    """A URL that is shown with what is secret in it masked."""

    def _display(self) -> str:
        url = _PASSWORD.sub(rf"\1:{_MASK}@", self.get_secret_value(), count=1)
        address, mark, query = url.partition("?")
        return address + mark + "&".join(map(_masked, query.split("&")))


def _masked(parameter: str) -> str:
    """Mask a parameter that names or holds a password, such as `sslpassword`."""
    name, equals, value = parameter.partition("=")
    if value and "password" in unquote(parameter).lower():
        return name + equals + _MASK
    return parameter


def _split(value: object) -> object:
    """Parse a list, written as JSON or separated by commas."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    with suppress(ValueError):
        parts = json.loads(value) if isinstance(value, str) else value
        if not isinstance(parts, list) or all(isinstance(part, str) for part in parts):
            return parts
    raise ValueError("must be a JSON array of texts, or values separated by commas")


type Listed[T] = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_split)]


def _readable(value: str) -> str:
    """Reject a limit that cannot be parsed."""
    try:
        parse(value)
    except ValueError:
        raise ValueError('must be a limit such as "600/minute"') from None
    return value


type Limit = Annotated[str, AfterValidator(_readable)]


def _names_a_storage(value: SecretUrl) -> SecretUrl:
    """Reject a URL that is of neither Redis nor memory."""
    message = "must be memory:// or a URL such as redis://127.0.0.1:6379/0"
    try:
        url = urlsplit(value.get_secret_value())
        known = url.scheme in _STORAGES and url.port != 0
    except ValueError:
        raise ValueError(message) from None
    if not known:
        raise ValueError(message)
    return value


type StorageUrl = Annotated[SecretUrl, AfterValidator(_names_a_storage)]


def is_deployed(info: ValidationInfo) -> bool:
    """Return whether these are settings for staging or production."""
    return info.context is not None and info.context["deployed"]


def safe_if(safe: Callable[[Any], bool], otherwise: str) -> AfterValidator:
    """Return a check of one value that only staging and production make."""

    def check[T](value: T, info: ValidationInfo) -> T:
        if is_deployed(info) and not safe(value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


class Section(BaseModel):
    """A group of immutable settings; unknown names are rejected."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        revalidate_instances="always",  # or sections that are defaults are not checked
        validate_default=True,
    )


class RateLimitSettings(Section):
    """The rate limit per IP address.

    A limit is written like "600/minute". Each process counts in memory, or all replicas
    share their counts in Redis (`redis://...`). The IPv6 addresses of one network, with
    a prefix of `ipv6_prefix_length` bits, count as one.
    """

    enabled: bool = True
    storage_url: StorageUrl = SecretUrl("memory://")
    requests: Limit = "600/minute"
    ipv6_prefix_length: int = Field(default=64, ge=32, le=128)


# What browsers send as Origin: without a path, and without the default port.
_ORIGIN = re.compile(r"(?!http://.*:80$|https://.*:443$)[a-z][a-z0-9+.-]*://[^/?#@\s]+")


def _origin(value: str) -> str:
    """Return an origin as browsers send it; reject what they never send."""
    origin = value.lower()
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise ValueError("must be * or an origin such as https://shop.example.org")
    return origin


class CorsSettings(Section):
    """Web origins that may call from a browser; none by default.

    Staging and production refuse the wildcard (OWASP ASVS 3.4.2).
    """

    origins: Annotated[
        Listed[Annotated[str, AfterValidator(_origin)]],
        safe_if(lambda origins: "*" not in origins, "must list origins, not *"),
    ] = ()


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
        raise ValueError('must be a path such as "/shop"')
    return path


type RootPath = Annotated[str, AfterValidator(_root_path)]
