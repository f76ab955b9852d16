"""Authentication with the provider's access tokens, and the scopes of routes."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from flask import current_app, request

from app.api.dependencies import get_client, get_settings
from app.api.operations import Given
from app.auth.authenticator import Authenticator
from app.auth.identity import Identity
from app.auth.provider_cache import discovery_url
from app.scopes import ADMIN, Scope


def current_principal(*needed: Scope) -> Identity:
    """Return the caller, if they have the needed scopes."""
    authenticator: Authenticator = current_app.extensions["authenticator"]
    header = request.headers.get("Authorization")
    address = get_client().address
    return authenticator.authenticate(header or None, needed, client=address)


class HolderOf(Given):
    """Marks a parameter as the caller, who holds these scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(partial(current_principal, *needed))
        self._needed = needed

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Add the scheme to the components, and the scopes to the operation."""
        operation["security"] = [{"oidc": list(self._needed)}]
        url = discovery_url(get_settings().auth.issuer)
        scheme = {"type": "openIdConnect", "openIdConnectUrl": url}
        components["securitySchemes"] = {"oidc": scheme}


Caller = Annotated[Identity, HolderOf()]
Admin = Annotated[Identity, HolderOf(ADMIN)]

# Marks an operation that needs no credentials: `@operation(openapi_extra=OPEN)`.
OPEN: Final[dict[str, Any]] = {"security": []}
