"""Authentication of requests with an API key, and the scopes of routes."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from flask import Response, after_this_request, request

from app.api.dependencies import get_client, get_database, get_session
from app.api.operations import Given
from app.auth.api_key_authenticator import authenticate_key, record_use
from app.auth.principal import Principal
from app.scopes import ADMIN, Scope


def current_principal(*needed: Scope) -> Principal:
    """Return the caller, if they have the needed scopes."""
    header = request.headers.get("X-API-Key") or None
    holder = authenticate_key(header, get_session(), get_client().address)
    for scope in needed:
        holder.principal.require(scope)
    if holder.last_use_is_stale:
        after_this_request(partial(_record_use_once_sent, holder.api_key_id))
    return holder.principal


def _record_use_once_sent(api_key_id: UUID, response: Response) -> Response:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        response.call_on_close(partial(record_use, get_database(), api_key_id))
    return response


class HolderOf(Given):
    """Marks a parameter as the caller, who holds these scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(partial(current_principal, *needed))
        self._needed = needed

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Add the scheme to the components, and the scopes to the operation."""
        operation["security"] = [{"apiKey": list(self._needed)}]
        components["securitySchemes"] = {
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        }


Caller = Annotated[Principal, HolderOf()]
Admin = Annotated[Principal, HolderOf(ADMIN)]

# Marks an operation that needs no credentials: `@operation(openapi_extra=OPEN)`.
OPEN: Final[dict[str, Any]] = {"security": []}
