"""Who may call: holders of an access token, within its scopes."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from flask import current_app, request

from app.api.dependencies import get_session
from app.api.operations import Given
from app.auth import Principal
from app.auth.authenticator import Authenticator
from app.core.scopes import Scope


def current_principal(*needed: Scope) -> Principal:
    """Return the caller, if they hold the needed scopes."""
    authenticator: Authenticator = current_app.extensions["authenticator"]
    header = request.headers.get("Authorization")
    principal = authenticator.authenticate(header or None, get_session())
    for scope in needed:
        principal.require(scope)
    return principal


class Bearer(Given):
    """Says that a parameter is the caller, who holds the needed scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(partial(current_principal, *needed))
        self._needed = needed

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Add the scheme to the components, and the scopes to the operation."""
        operation["security"] = [{"bearer": list(self._needed)}]
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }


Caller = Annotated[Principal, Bearer()]
Reader = Annotated[Principal, Bearer(Scope.ITEMS_READ)]
Writer = Annotated[Principal, Bearer(Scope.ITEMS_WRITE)]
Admin = Annotated[Principal, Bearer(Scope.ADMIN)]
