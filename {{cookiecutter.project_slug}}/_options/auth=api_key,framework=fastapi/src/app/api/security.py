"""Authentication of requests with an API key, and the scopes of routes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import BackgroundTasks, Depends, Request, Security
from fastapi.security import APIKeyHeader, SecurityScopes

from app.api.dependencies import SessionDep
from app.auth.api_key_authenticator import authenticate_key, record_use
from app.auth.principal import Principal
from app.scopes import ADMIN, Scope

# Documents the scheme; the header itself is read below.
_api_key = APIKeyHeader(name="X-API-Key", scheme_name="apiKey", auto_error=False)


async def current_principal(
    request: Request,
    session: SessionDep,
    background: BackgroundTasks,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_api_key)],
) -> Principal:
    """Return the caller, if they have the needed scopes."""
    header = ",".join(request.headers.getlist("x-api-key")) or None
    holder = await authenticate_key(header, session, request.state.client.address)
    for scope in needed.scopes:
        holder.principal.require(scope)
    if holder.last_use_is_stale:
        database = request.app.state.database
        background.add_task(record_use, database, holder.api_key_id)
    return holder.principal


def holder_of(*scopes: Scope) -> Any:  # noqa: ANN401 -- what `Security` returns
    """Return the dependency on a caller who holds these scopes."""
    return Security(current_principal, scopes=scopes)


Caller = Annotated[Principal, holder_of()]
Admin = Annotated[Principal, holder_of(ADMIN)]

# Marks a route that needs no credentials: `openapi_extra=OPEN`.
OPEN: Final[dict[str, Any]] = {"security": []}
