"""Registration, login, refresh and logout over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint

from app.api.operations import operation
from app.api.security import OPEN
from app.api.wiring.accounts import get_address, get_sessions
from app.schemas.sessions import Login, Refresh, Tokens
from app.schemas.users import UserPublic, UserRegister

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


@blueprint.post("/register")
@operation(HTTPStatus.CREATED, refusals=(409,), openapi_extra=OPEN)
def register(data: UserRegister) -> UserPublic:
    """Create an account."""
    return get_sessions().register(data, get_address())


@blueprint.post("/login")
@operation(refusals=(401,), openapi_extra=OPEN)
def login(data: Login) -> Tokens:
    """Log in. Start a session and return its tokens."""
    return get_sessions().login(data, get_address())


@blueprint.post("/refresh")
@operation(refusals=(401,), openapi_extra=OPEN)
def refresh(data: Refresh) -> Tokens:
    """Exchange a refresh token for new tokens. Each refresh token works once."""
    return get_sessions().refresh(data, get_address())


@blueprint.post("/logout")
@operation(HTTPStatus.NO_CONTENT, openapi_extra=OPEN)
def logout(data: Refresh) -> None:
    """End a session and revoke all its tokens."""
    get_sessions().logout(data, get_address())
