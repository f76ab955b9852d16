"""What can be set about the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.core.settings.sections import Listed, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

# Asymmetric ones only: who can verify a shared secret can also sign with it.
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
    """Whose tokens are accepted, and what is read from them.

    Attributes:
        issuer: the provider, character for character as its tokens name it.
        audience: this service, as the provider's access tokens name it.
        client_id: the public client with which the documentation page signs in.
        client_scopes: what that page asks for unless told otherwise, by spaces.
        algorithms: how tokens may be signed (RFC 8725 section 3.1).
        roles_claim: a claim whose values are scopes, too, besides those of `scope` and
            `scp`; a dot leads into an object, as in "realm_access.roles".
        require_access_token_type: whether a token must say that it is an access token
            (`at+jwt`, RFC 9068 section 4); many providers' tokens do not.
        leeway_seconds: how far the provider's clock may be off.
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
        """Refuse an audience that ID tokens have, too (OpenID Connect Core 2)."""
        if self.audience == self.client_id:
            message = "AUTH__AUDIENCE must differ from AUTH__CLIENT_ID"
            raise ValueError(message)
        return self

    def unsafe_settings(self) -> Iterator[str]:
        """Refuse a provider that anybody on the way could pose as."""
        if not self.issuer.startswith("https://"):
            yield "AUTH__ISSUER must begin with https://"
