"""Registering and signing in over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, current_app

from app.api.dependencies import get_client, get_database, get_settings
from app.api.operations import operation
from app.repositories.sessions import SqlSessionRepository
from app.schemas.sessions import Login, Refresh, Tokens
from app.schemas.users import UserPublic, UserRegister
from app.services.sessions import SessionService

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


def get_sessions() -> SessionService:
    """Return the service that starts and ends sessions."""
    return SessionService(
        SqlSessionRepository(get_database()),
        current_app.extensions["passwords"],
        current_app.extensions["attempts"],
        get_settings().auth,
    )


@blueprint.post("/register")
@operation(HTTPStatus.CREATED, refusals=(409,))
def register(data: UserRegister) -> UserPublic:
    """Make an account."""
    return get_sessions().register(data, get_client().address)


@blueprint.post("/login")
@operation(refusals=(401,))
def login(data: Login) -> Tokens:
    """Start a session."""
    return get_sessions().login(data, get_client().address)


@blueprint.post("/refresh")
@operation(refusals=(401,))
def refresh(data: Refresh) -> Tokens:
    """Trade a refresh token for new tokens; each can be used once."""
    return get_sessions().refresh(data, get_client().address)


@blueprint.post("/logout")
@operation(HTTPStatus.NO_CONTENT)
def logout(data: Refresh) -> None:
    """End a session: all its tokens are worth nothing from now on."""
    get_sessions().logout(data, get_client().address)
