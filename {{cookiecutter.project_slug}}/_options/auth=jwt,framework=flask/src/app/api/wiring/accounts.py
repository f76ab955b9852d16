"""The services of accounts and of their sessions."""

from __future__ import annotations

from flask import current_app

from app.api.dependencies import (
    get_client,
    get_database,
    get_session,
    get_settings,
)
from app.repositories.sessions import SqlSessionRepository
from app.repositories.users import SqlAccountRepository, SqlUserRepository
from app.services.sessions import SessionService
from app.services.users import AccountService, UserService


def get_users() -> UserService:
    """Return the service of all accounts; the route says who may call it."""
    users = SqlUserRepository(get_session())
    return UserService(users, current_app.extensions["passwords"])


def get_accounts() -> AccountService:
    """Return the service of the caller's account, which opens transactions itself."""
    return AccountService(
        SqlAccountRepository(get_database()),
        current_app.extensions["passwords"],
        current_app.extensions["rate_limiter"],
        get_settings().auth,
        get_address(),
    )


def get_sessions() -> SessionService:
    """Return the service that starts and ends sessions; its routes are open."""
    return SessionService(
        SqlSessionRepository(get_database()),
        current_app.extensions["passwords"],
        current_app.extensions["rate_limiter"],
        get_settings().auth,
    )


def get_address() -> str:
    """Return the address of the caller."""
    return get_client().address
