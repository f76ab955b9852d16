"""The identity of callers, from the provider's tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.auth.principal import Principal
from app.scopes import all_scopes

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Principal):
    """A principal that a provider has authenticated.

    Only issuer and subject together identify a caller: e-mail addresses can be
    reassigned, and subjects are unique per issuer (OpenID Connect Core section 5.7).
    """

    issuer: str
    subject: str


def identity_of(claims: dict[str, Any], roles_claim: str) -> Identity:
    """Return the identity in verified claims."""
    issuer, subject = claims["iss"], claims["sub"]
    return Identity(
        principal_id(issuer, subject),
        scopes_of(claims, roles_claim),
        issuer=issuer,
        subject=subject,
    )


def principal_id(issuer: str, subject: str) -> UUID:
    """Return the constant id of a subject of an issuer.

    It is a UUID version 8 (RFC 9562 section 5.8) of a SHA-256. An issuer contains no
    space, so different pairs have different texts.
    """
    digest = hashlib.sha256(f"{issuer} {subject}".encode()).digest()
    bits = int.from_bytes(digest[:16])
    bits = bits & ~(0xF << 76) | 0x8 << 76
    bits = bits & ~(0b11 << 62) | 0b10 << 62
    return UUID(int=bits)


def scopes_of(claims: dict[str, Any], roles_claim: str) -> frozenset[str]:
    """Return the service's own scopes among those that the provider grants.

    `scope` is separated by spaces (RFC 9068 section 2.2.3); some providers use `scp`,
    or list roles in another claim.
    """
    sources = [claims.get("scope"), claims.get("scp")]
    if roles_claim:
        sources.append(next(_claims_at(claims, roles_claim), None))
    granted = frozenset(name for source in sources for name in _names(source))
    return granted.intersection(all_scopes())


def _claims_at(claims: object, path: str) -> Iterator[object]:
    """Yield the claims that a dotted path may mean, those with longer names first.

    Names contain dots, too: URLs, and ids of clients.
    """
    if not isinstance(claims, dict):
        return
    for name in sorted(claims, key=len, reverse=True):
        if name == path:
            yield claims[name]
        elif path.startswith(f"{name}."):
            yield from _claims_at(claims[name], path.removeprefix(f"{name}."))


def _names(source: object) -> list[str]:
    if isinstance(source, str):
        return source.split()
    if isinstance(source, list):
        return [name for name in source if isinstance(name, str)]
    return []
