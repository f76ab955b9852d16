"""Authentication with the provider's access tokens, and the scopes of routes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import OpenIdConnect, SecurityScopes

from app.auth.authenticator import Authenticator
from app.auth.identity import Identity
from app.scopes import ADMIN, Scope

# Documents the scheme; `add_routes` fills in its URL from the settings.
_oidc = OpenIdConnect(openIdConnectUrl="", scheme_name="oidc", auto_error=False)


async def current_principal(
    request: Request,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_oidc)],
) -> Identity:
    """Return the caller, if they have the needed scopes."""
    authenticator: Authenticator = request.app.state.authenticator
    headers = request.headers.getlist("authorization")
    return await authenticator.authenticate(
        ",".join(headers) or None,
        needed.scopes,
        client=request.state.client.address,
    )


def holder_of(*scopes: Scope) -> Any:  # noqa: ANN401 -- what `Security` returns
    """Return the dependency on a caller who holds these scopes."""
    return Security(current_principal, scopes=scopes)


Caller = Annotated[Identity, holder_of()]
Admin = Annotated[Identity, holder_of(ADMIN)]

# Marks a route that needs no credentials: `openapi_extra=OPEN`.
OPEN: Final[dict[str, Any]] = {"security": []}
