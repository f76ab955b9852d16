"""Authentication with an access token or an API key, and the scopes of routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from flask import Response, after_this_request, current_app, request

from app.api.dependencies import get_client, get_database, get_session
from app.api.operations import Given
from app.auth.api_key_authenticator import authenticate_key, record_use
from app.auth.authenticator import Authenticator, SignedInUser
from app.auth.errors import challenge
from app.auth.principal import Principal
from app.core.database import Session
from app.errors import AppError, BadRequestError
from app.scopes import ADMIN, Scope

_SCHEMES: Final[dict[str, dict[str, str]]] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


class BearerRequiredError(AppError):
    """An API key cannot do this: a leaked key must not reach its owner's account."""

    status = 403
    code = "bearer_required"
    default_detail = "This requires a signed-in user; an API key is not accepted."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge("Bearer")})


def current_principal(*needed: Scope) -> Principal:
    """Return the caller, if they have the needed scopes."""
    principal = _authenticate(get_session())
    for scope in needed:
        principal.require(scope)
    return principal


def signed_in_principal(*needed: Scope) -> SignedInUser:
    """Return the caller, if it is a signed-in user with the needed scopes."""
    principal = _signed_in(_authenticate(get_session()))
    for scope in needed:
        principal.require(scope)
    return principal


def account_owner() -> SignedInUser:
    """Return the signed-in user, and keep no connection while a password is hashed."""
    with get_database().transaction(readonly=True) as session:
        return _signed_in(_authenticate(session))


def _signed_in(principal: Principal) -> SignedInUser:
    if not isinstance(principal, SignedInUser):
        raise BearerRequiredError
    return principal


def _authenticate(session: Session) -> Principal:
    authorization = request.headers.get("Authorization") or None
    api_key = request.headers.get("X-API-Key") or None
    if api_key is None:
        authenticator: Authenticator = current_app.extensions["authenticator"]
        return authenticator.authenticate(authorization, session)
    if authorization is not None:
        raise BadRequestError("Send one of Authorization and X-API-Key.")
    holder = authenticate_key(api_key, session, get_client().address)
    if holder.last_use_is_stale:
        after_this_request(partial(_record_use_once_sent, holder.api_key_id))
    return holder.principal


def _record_use_once_sent(api_key_id: UUID, response: Response) -> Response:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        response.call_on_close(partial(record_use, get_database(), api_key_id))
    return response


class Credentials(Given):
    """Marks a parameter as the caller, identified by one of these schemes."""

    def __init__(
        self,
        function: Callable[..., Principal],
        needed: Sequence[Scope],
        schemes: Sequence[str],
    ) -> None:
        super().__init__(partial(function, *needed))
        self._needed = needed
        self._schemes = schemes

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Add the schemes to the components, and the scopes to the operation."""
        needed = list(self._needed)
        operation["security"] = [{scheme: needed} for scheme in self._schemes]
        components["securitySchemes"] = _SCHEMES


class HolderOf(Credentials):
    """Marks a parameter as the caller, who holds these scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(current_principal, needed, tuple(_SCHEMES))


class SignedInHolderOf(Credentials):
    """Marks a parameter as the signed-in user, who holds these scopes."""

    def __init__(self, *needed: Scope) -> None:
        super().__init__(signed_in_principal, needed, ["bearer"])


Caller = Annotated[Principal, HolderOf()]
SignedIn = Annotated[SignedInUser, SignedInHolderOf()]
Admin = Annotated[SignedInUser, SignedInHolderOf(ADMIN)]
AccountOwner = Annotated[SignedInUser, Credentials(account_owner, (), ["bearer"])]

# Marks an operation that needs no credentials: `@operation(openapi_extra=OPEN)`.
OPEN: Final[dict[str, Any]] = {"security": []}
