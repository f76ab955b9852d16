"""Who may call: holders of the provider's access tokens, within their scopes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import OpenIdConnect, SecurityScopes

from app.auth.authenticator import Authenticator
from app.auth.identity import Identity
from app.core.scopes import Scope

# Documents the scheme; its address is a setting, which `add_routes` fills in.
_oidc = OpenIdConnect(openIdConnectUrl="", scheme_name="oidc", auto_error=False)


async def current_principal(
    request: Request,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_oidc)],
) -> Identity:
    """Return the caller, if they hold the needed scopes."""
    authenticator: Authenticator = request.app.state.authenticator
    headers = request.headers.getlist("authorization")
    return await authenticator.authenticate(
        ",".join(headers) or None,
        map(Scope, needed.scopes),
        client=request.state.client.address,
    )


Caller = Annotated[Identity, Security(current_principal)]
Reader = Annotated[Identity, Security(current_principal, scopes=[Scope.ITEMS_READ])]
Writer = Annotated[Identity, Security(current_principal, scopes=[Scope.ITEMS_WRITE])]
Admin = Annotated[Identity, Security(current_principal, scopes=[Scope.ADMIN])]
