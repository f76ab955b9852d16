"""The identity of callers, from the provider's tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.auth.principal import Principal
from app.scopes.base import all_scopes


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
        sources.append(_claim_at(claims, roles_claim))
    granted = frozenset(name for source in sources for name in _names(source))
    return granted.intersection(all_scopes())


def _claim_at(claims: dict[str, Any], path: str) -> object:
    """Return the claim with exactly this name, else the one at this dotted path."""
    if path in claims:
        return claims[path]
    found: object = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _names(source: object) -> list[str]:
    if isinstance(source, str):
        return source.split()
    if isinstance(source, list):
        return [name for name in source if isinstance(name, str)]
    return []
