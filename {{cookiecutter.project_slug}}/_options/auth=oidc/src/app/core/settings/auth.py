"""Settings of the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.core.settings.sections import Listed, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

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

type Issuer = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@]+$")]


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
    audience: Annotated[str, StringConstraints(min_length=1)]
    client_id: str = ""
    client_scopes: str = "openid"
    algorithms: Annotated[Listed[Algorithm], Field(min_length=1)] = (
        "RS256",
        "PS256",
        "ES256",
        "EdDSA",
    )
    roles_claim: str = ""
    require_access_token_type: bool = False
    leeway_seconds: int = Field(default=10, ge=0, le=30)

    @model_validator(mode="after")
    def _tells_tokens_apart(self) -> Self:
        """Reject the audience of ID tokens (OpenID Connect Core section 2)."""
        if self.audience == self.client_id:
            message = "AUTH__AUDIENCE must differ from AUTH__CLIENT_ID"
            raise ValueError(message)
        return self

    def unsafe_settings(self) -> Iterator[str]:
        """Refuse a provider that anybody on the way could pose as."""
        if not self.issuer.startswith("https://"):
            yield "AUTH__ISSUER must begin with https://"
