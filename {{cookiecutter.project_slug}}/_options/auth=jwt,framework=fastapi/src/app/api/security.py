"""Who may call: holders of an access token, within its scopes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes

from app.api.dependencies import SessionDep
from app.auth import Principal
from app.auth.authenticator import Authenticator
from app.core.scopes import Scope

# Documents the scheme; the header itself is read below.
_bearer = HTTPBearer(scheme_name="bearer", bearerFormat="JWT", auto_error=False)


async def current_principal(
    request: Request,
    session: SessionDep,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_bearer)],
) -> Principal:
    """Return the caller, if they hold the needed scopes."""
    authenticator: Authenticator = request.app.state.authenticator
    headers = request.headers.getlist("authorization")
    principal = await authenticator.authenticate(",".join(headers) or None, session)
    for scope in needed.scopes:
        principal.require(Scope(scope))
    return principal


Caller = Annotated[Principal, Security(current_principal)]
Reader = Annotated[Principal, Security(current_principal, scopes=[Scope.ITEMS_READ])]
Writer = Annotated[Principal, Security(current_principal, scopes=[Scope.ITEMS_WRITE])]
Admin = Annotated[Principal, Security(current_principal, scopes=[Scope.ADMIN])]
