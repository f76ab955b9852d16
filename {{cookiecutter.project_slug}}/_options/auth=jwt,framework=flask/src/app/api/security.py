"""Authentication of requests with an access token, and the scopes of routes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

from flask import current_app, request

from app.api.dependencies import get_database, get_session
from app.api.operations import Given
from app.auth.authenticator import Authenticator
from app.auth.principal import Principal
from app.core.database import Session
from app.scopes import ADMIN, Scope


def current_principal(*needed: Scope) -> Principal:
    """Return the caller, if they have the needed scopes."""
    principal = _authenticate(get_session())
    for scope in needed:
        principal.require(scope)
    return principal


def account_owner() -> Principal:
    """Return the signed-in user, and keep no connection while a password is hashed."""
    with get_database().transaction(readonly=True) as session:
        return _authenticate(session)


def _authenticate(session: Session) -> Principal:
    authenticator: Authenticator = current_app.extensions["authenticator"]
    header = request.headers.get("Authorization")
    return authenticator.authenticate(header or None, session)


class Credentials(Given):
    """Marks a parameter as the caller, identified by an access token."""

    def __init__(self, function: Callable[[], Principal], *needed: Scope) -> None:
        super().__init__(function)
        self._needed = needed

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Add the scheme to the components, and the scopes to the operation."""
        operation["security"] = [{"bearer": list(self._needed)}]
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }


class HolderOf(Credentials):
    """Marks a parameter as the caller, who holds these scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(partial(current_principal, *needed), *needed)


Caller = Annotated[Principal, HolderOf()]
# Whoever may use an account.
SignedIn = Caller
Admin = Annotated[Principal, HolderOf(ADMIN)]
AccountOwner = Annotated[Principal, Credentials(account_owner)]

# Marks an operation that needs no credentials: `@operation(openapi_extra=OPEN)`.
OPEN: Final[dict[str, Any]] = {"security": []}
