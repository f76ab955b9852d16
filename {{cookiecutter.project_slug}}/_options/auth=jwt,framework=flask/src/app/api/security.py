"""Authentication of requests with an access token, and the scopes of routes."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from flask import current_app, request

from app.api.dependencies import get_session
from app.api.operations import Given
from app.auth import Principal
from app.auth.authenticator import Authenticator
from app.scopes.base import ADMIN, Scope


def current_principal(*needed: Scope) -> Principal:
    """Return the caller, if they have the needed scopes."""
    authenticator: Authenticator = current_app.extensions["authenticator"]
    header = request.headers.get("Authorization")
    principal = authenticator.authenticate(header or None, get_session())
    for scope in needed:
        principal.require(scope)
    return principal


class HolderOf(Given):
    """Marks a parameter as the caller, who holds these scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(partial(current_principal, *needed))
        self._needed = needed

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Add the scheme to the components, and the scopes to the operation."""
        operation["security"] = [{"bearer": list(self._needed)}]
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }


Caller = Annotated[Principal, HolderOf()]
# Whoever may use an account.
SignedIn = Caller
Admin = Annotated[Principal, HolderOf(ADMIN)]

# Marks an operation that needs no credentials: `@operation(openapi_extra=OPEN)`.
OPEN: Final[dict[str, Any]] = {"security": []}
