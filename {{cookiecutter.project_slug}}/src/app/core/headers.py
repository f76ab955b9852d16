"""Headers: which to believe in requests, and which to add to responses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from app.core.settings import Settings

type IPAddress = IPv4Address | IPv6Address

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
# Addresses as some proxies write them: 192.0.2.1:4711, [2001:db8::1]:4711.
_BRACKETS_OR_PORT = re.compile(r"\[(.+)\](?::\d*)?|([^:]+):\d*", re.ASCII)
# IPv4 addresses in a network that has IPv6 only (RFC 6052 section 2.1).
_NAT64 = ip_network("64:ff9b::/96")

API_CSP = "default-src 'none'; frame-ancestors 'none'"

_CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_CORS_EXPOSED = (
    "Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "WWW-Authenticate, X-Request-ID"
)
_CORS_SECONDS = "600"


def request_id_from(value: str | None) -> str:
    """Return the caller's request id if it is safe to log, else a new one."""
    if value is not None and _SANE_REQUEST_ID.fullmatch(value):
        return value
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Client:
    """The address of the client, and whether it uses HTTPS."""

    address: str
    https: bool


def client_of(
    settings: Settings,
    *,
    peer: str,
    scheme: str,
    forwarded_for: str | None,
    forwarded_proto: str | None,
) -> Client:
    """Return the client, using forwarded headers of trusted proxies only.

    Each proxy appends the address that called it, so the right-most address that is not
    a trusted proxy is the client; anything left of it may be forged.
    """
    address = _parsed(peer)
    if address is None or not _is_trusted(settings, address):
        return Client(str(address or peer), https=scheme == "https")
    for hop in reversed((forwarded_for or "").split(",")):
        caller = _parsed(hop)
        if caller is None:
            break
        address = caller
        if not _is_trusted(settings, address):
            break
    first_scheme = (forwarded_proto or scheme).partition(",")[0]
    return Client(str(address), https=first_scheme.strip().lower() == "https")


def _parsed(text: str) -> IPAddress | None:
    """Return the address in its only spelling: no port, no zone, IPv4 as such."""
    text = text.strip(' \t"')
    if match := _BRACKETS_OR_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or IPv6Address(int(address))


def _is_trusted(settings: Settings, address: IPAddress) -> bool:
    return any(address in network for network in settings.trusted_proxies)


def has_body(content_length: str | None, transfer_encoding: str | None) -> bool:
    """Return whether a request with these headers has a body.

    If a response is sent before it is read, the connection must close (RFC 9112
    section 9.3): the rest of the body would be taken for the next request.
    """
    return content_length not in {None, "0"} or transfer_encoding is not None


def is_json(content_type: str | None) -> bool:
    """Return whether a media type is JSON (RFC 8259, RFC 6839)."""
    message = Message()
    message["content-type"] = content_type or "application/octet-stream"
    subtype = message.get_content_subtype()
    is_application = message.get_content_maintype() == "application"
    return is_application and (subtype == "json" or subtype.endswith("+json"))


def security_headers(*, https: bool) -> dict[str, str]:
    """Return the headers of every response (OWASP REST Security Cheat Sheet)."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": API_CSP,
        "Cache-Control": "no-store",
    }
    if https:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def cors_headers(
    settings: Settings,
    origin: str | None,
    *,
    asked_headers: str | None,
) -> dict[str, str]:
    """Return the CORS headers for an allowed origin (Fetch standard).

    Args:
        settings: has the allowed origins.
        origin: the Origin header.
        asked_headers: headers that a preflight requests; None for other requests.
    """
    if origin is None or not settings.cors.origins:
        return {}
    anyone = "*" in settings.cors.origins
    if not anyone and origin not in settings.cors.origins:
        return {"Vary": "Origin"}
    headers = {
        "Access-Control-Allow-Origin": "*" if anyone else origin,
        "Access-Control-Expose-Headers": _CORS_EXPOSED,
        "Vary": "Origin",
    }
    if asked_headers is not None:
        headers["Access-Control-Allow-Methods"] = _CORS_METHODS
        headers["Access-Control-Allow-Headers"] = asked_headers
        headers["Access-Control-Max-Age"] = _CORS_SECONDS
    return headers
