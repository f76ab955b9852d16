"""Settings of the identity provider."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.core.settings.sections import Listed, Section, safe_if

# Asymmetric ones only: with a shared secret, verifiers could also sign.
type Algorithm = Literal[
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
]


def _names_a_provider(value: str) -> str:
    """Reject what is no URL, or one with credentials, a query or a fragment."""
    if not re.fullmatch(r"https?://[^\s?#@]+", value):
        raise ValueError("must be a URL such as https://issuer.example")
    return value


def _uses_tls(issuer: str) -> bool:
    return issuer.startswith("https://")


type Issuer = Annotated[
    str,
    AfterValidator(_names_a_provider),
    safe_if(_uses_tls, "must begin with https://"),
]


def _not_empty[T: (str, tuple[Algorithm, ...])](value: T) -> T:
    if not value:
        raise ValueError("must not be empty")
    return value


class AuthSettings(Section):
    """Which tokens are accepted, and how they are read.

    Attributes:
        issuer: the provider, exactly as `iss` in its tokens.
        audience: this service, as `aud` in the provider's access tokens.
        client_id: the public client that the documentation page signs in with.
        client_scopes: scopes that the page requests by default, separated by spaces.
        algorithms: allowed signature algorithms (RFC 8725 section 3.1).
        roles_claim: a claim whose values also count as scopes, besides `scope` and
            `scp`; a dot leads into an object, as in "realm_access.roles", or is part of
            a name, as in "resource_access.my.client.roles" for a client "my.client".
        require_access_token_type: reject tokens whose `typ` is not `at+jwt` (RFC 9068
            section 4); many providers do not set it.
        leeway_seconds: tolerated clock skew, for `iat` and `nbf`.
    """

    issuer: Issuer
    audience: Annotated[str, AfterValidator(_not_empty)]
    client_id: str = ""
    client_scopes: str = "openid"
    algorithms: Annotated[Listed[Algorithm], AfterValidator(_not_empty)] = (
        "RS256",
        "PS256",
        "ES256",
        "EdDSA",
    )
    roles_claim: str = ""
    require_access_token_type: bool = False
    leeway_seconds: int = Field(default=10, ge=0, le=30)

    @field_validator("client_id")
    @classmethod
    def _tells_tokens_apart(cls, client_id: str, info: ValidationInfo) -> str:
        """Reject the audience of ID tokens (OpenID Connect Core section 2)."""
        if client_id == info.data.get("audience"):
            raise ValueError("must differ from AUTH__AUDIENCE")
        return client_id
