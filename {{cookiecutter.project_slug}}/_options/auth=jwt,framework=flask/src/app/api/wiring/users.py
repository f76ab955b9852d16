"""The service of accounts."""

from __future__ import annotations

from flask import current_app

from app.api.dependencies import get_database, get_session, get_settings
from app.repositories.users import SqlUserRepository
from app.services.users import UserService


def get_users() -> UserService:
    """Return the service of all accounts; the route says who may call it."""
    return UserService(
        SqlUserRepository(get_session(), get_database().dialect),
        current_app.extensions["passwords"],
        current_app.extensions["attempts"],
        get_settings().auth,
    )
