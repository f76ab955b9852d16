"""Authentication with an access token or an API key, and the scopes of routes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import BackgroundTasks, Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer, SecurityScopes

from app.api.dependencies import SessionDep
from app.auth.api_key_authenticator import authenticate_key, record_use
from app.auth.authenticator import Authenticator, SignedInUser
from app.auth.errors import challenge
from app.auth.principal import Principal
from app.core.database import Session
from app.errors import AppError, BadRequestError
from app.scopes import ADMIN, Scope

# Document the schemes; the headers themselves are read below.
_bearer = HTTPBearer(scheme_name="bearer", bearerFormat="JWT", auto_error=False)
_api_key = APIKeyHeader(name="X-API-Key", scheme_name="apiKey", auto_error=False)


class BearerRequiredError(AppError):
    """An API key cannot do this: a leaked key must not reach its owner's account."""

    status = 403
    code = "bearer_required"
    default_detail = "This requires a signed-in user; an API key is not accepted."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge("Bearer")})


async def current_principal(
    request: Request,
    session: SessionDep,
    background: BackgroundTasks,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_bearer)],
    __: Annotated[object, Depends(_api_key)],
) -> Principal:
    """Return the caller, if they have the needed scopes."""
    principal = await _authenticate(request, session, background)
    for scope in needed.scopes:
        principal.require(scope)
    return principal


async def signed_in_principal(
    request: Request,
    session: SessionDep,
    background: BackgroundTasks,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_bearer)],
) -> SignedInUser:
    """Return the caller, if it is a signed-in user with the needed scopes."""
    principal = _signed_in(await _authenticate(request, session, background))
    for scope in needed.scopes:
        principal.require(scope)
    return principal


async def account_owner(
    request: Request,
    background: BackgroundTasks,
    _: Annotated[object, Depends(_bearer)],
) -> SignedInUser:
    """Return the signed-in user, and keep no connection while a password is hashed."""
    async with request.app.state.database.transaction(readonly=True) as session:
        return _signed_in(await _authenticate(request, session, background))


def _signed_in(principal: Principal) -> SignedInUser:
    if not isinstance(principal, SignedInUser):
        raise BearerRequiredError
    return principal


async def _authenticate(
    request: Request,
    session: Session,
    background: BackgroundTasks,
) -> Principal:
    authorization = ",".join(request.headers.getlist("authorization")) or None
    api_key = ",".join(request.headers.getlist("x-api-key")) or None
    if api_key is None:
        authenticator: Authenticator = request.app.state.authenticator
        return await authenticator.authenticate(authorization, session)
    if authorization is not None:
        raise BadRequestError("Send one of Authorization and X-API-Key.")
    holder = await authenticate_key(api_key, session, request.state.client.address)
    if holder.last_use_is_stale:
        database = request.app.state.database
        background.add_task(record_use, database, holder.api_key_id)
    return holder.principal


def holder_of(*scopes: Scope) -> Any:  # noqa: ANN401 -- what `Security` returns
    """Return the dependency on a caller who holds these scopes."""
    return Security(current_principal, scopes=scopes)


Caller = Annotated[Principal, holder_of()]
SignedIn = Annotated[SignedInUser, Security(signed_in_principal)]
Admin = Annotated[SignedInUser, Security(signed_in_principal, scopes=[ADMIN])]
AccountOwner = Annotated[SignedInUser, Depends(account_owner)]

# Marks a route that needs no credentials: `openapi_extra=OPEN`.
OPEN: Final[dict[str, Any]] = {"security": []}
