"""The provider's public keys (RFC 7517, RFC 7518 section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jwt import PyJWK
from jwt.exceptions import PyJWTError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jwt.algorithms import AllowedPublicKeys

_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
# By type and curve: a key is only used for its own algorithms.
_ALGORITHMS: Final = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key to verify tokens with, and its algorithms."""

    kid: str | None
    algorithms: frozenset[str]
    public: AllowedPublicKeys


def read_keys(jwks: object) -> tuple[Key, ...]:
    """Return the signature keys; ignore keys of other kinds.

    Raises:
        ValueError: there are none.
    """
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    listed = entries if isinstance(entries, list) else ()
    keys = tuple(key for entry in listed if (key := _key(entry)))
    if not keys:
        raise ValueError("the provider has no key that can be used")
    return keys


def find_key(keys: Iterable[Key], kid: str | None, algorithm: str) -> Key | None:
    """Return the only matching key, or None; one that is listed twice is one key.

    A token that names no key matches if there is just one key for its algorithm (OpenID
    Connect Core section 10.1).
    """
    fitting = [
        key
        for key in keys
        if algorithm in key.algorithms and (kid is None or key.kid == kid)
    ]
    match fitting:
        case [key, *others] if all(key.public == other.public for other in others):
            return key
    return None


def _key(entry: object) -> Key | None:
    """Return a key; None if it is private, symmetric, invalid or unsupported.

    A member that is null counts as absent.
    """
    if not isinstance(entry, dict):
        return None
    members = {name: value for name, value in entry.items() if value is not None}
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    algorithms = _ALGORITHMS.get((texts.get("kty", ""), texts.get("crv")), frozenset())
    if "alg" in members:
        algorithms &= {texts.get("alg", "")}
    if not algorithms or "d" in members or not _verifies(members):
        return None
    try:
        public = PyJWK(texts, min(algorithms)).key
    except (PyJWTError, ValueError):
        return None
    return Key(texts.get("kid"), algorithms, public)


def _verifies(members: dict[str, Any]) -> bool:
    """Return whether the key is for signatures (RFC 7517 sections 4.2 and 4.3)."""
    operations = members.get("key_ops", ["verify"])
    intended = isinstance(operations, list) and "verify" in operations
    return intended and members.get("use", "sig") == "sig"
