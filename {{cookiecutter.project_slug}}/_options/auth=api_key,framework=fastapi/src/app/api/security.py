"""Who may call: holders of an API key, within its scopes."""

from __future__ import annotations

from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request, Security
from fastapi.security import APIKeyHeader, SecurityScopes

from app.api.dependencies import SessionDep
from app.auth import Principal
from app.auth.key_authenticator import authenticate_key, note_use
from app.core.scopes import Scope

# Documents the scheme; the header itself is read below.
_api_key = APIKeyHeader(name="X-API-Key", scheme_name="apiKey", auto_error=False)


async def current_principal(
    request: Request,
    session: SessionDep,
    background: BackgroundTasks,
    needed: SecurityScopes,
    _: Annotated[object, Depends(_api_key)],
) -> Principal:
    """Return the caller, if they hold the needed scopes."""
    header = ",".join(request.headers.getlist("x-api-key")) or None
    holder = await authenticate_key(header, session, request.state.client.address)
    for scope in needed.scopes:
        holder.principal.require(Scope(scope))
    if holder.is_news:
        database = request.app.state.database
        background.add_task(note_use, database, holder.api_key_id)
    return holder.principal


Caller = Annotated[Principal, Security(current_principal)]
Reader = Annotated[Principal, Security(current_principal, scopes=[Scope.ITEMS_READ])]
Writer = Annotated[Principal, Security(current_principal, scopes=[Scope.ITEMS_WRITE])]
Admin = Annotated[Principal, Security(current_principal, scopes=[Scope.ADMIN])]
