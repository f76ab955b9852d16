"""Authentication of requests with an access token, and the scopes of routes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes

from app.api.dependencies import SessionDep
from app.auth.authenticator import Authenticator
from app.auth.principal import Principal
from app.core.database import Session
from app.scopes import ADMIN, Scope

# Documents the scheme; the header itself is read below.
_bearer = HTTPBearer(scheme_name="bearer", bearerFormat="JWT", auto_error=False)


async def current_principal(
    request: Request,
    session: SessionDep,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_bearer)],
) -> Principal:
    """Return the caller, if they have the needed scopes."""
    principal = await _authenticate(request, session)
    for scope in needed.scopes:
        principal.require(scope)
    return principal


async def account_owner(
    request: Request,
    _: Annotated[object, Depends(_bearer)],
) -> Principal:
    """Return the signed-in user, and keep no connection while a password is hashed."""
    async with request.app.state.database.transaction(readonly=True) as session:
        return await _authenticate(request, session)


async def _authenticate(request: Request, session: Session) -> Principal:
    authenticator: Authenticator = request.app.state.authenticator
    headers = request.headers.getlist("authorization")
    return await authenticator.authenticate(",".join(headers) or None, session)


def holder_of(*scopes: Scope) -> Any:  # noqa: ANN401 -- what `Security` returns
    """Return the dependency on a caller who holds these scopes."""
    return Security(current_principal, scopes=scopes)


Caller = Annotated[Principal, holder_of()]
# Whoever may use an account.
SignedIn = Caller
Admin = Annotated[Principal, holder_of(ADMIN)]
AccountOwner = Annotated[Principal, Depends(account_owner)]

# Marks a route that needs no credentials: `openapi_extra=OPEN`.
OPEN: Final[dict[str, Any]] = {"security": []}
