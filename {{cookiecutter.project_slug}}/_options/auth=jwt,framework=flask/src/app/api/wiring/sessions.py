"""The service that starts and ends sessions."""

from __future__ import annotations

from flask import current_app

from app.api.dependencies import get_client, get_database, get_settings
from app.repositories.sessions import SqlSessionRepository
from app.services.sessions import SessionService


def get_sessions() -> SessionService:
    """Return the service; its routes are open."""
    return SessionService(
        SqlSessionRepository(get_database()),
        current_app.extensions["passwords"],
        current_app.extensions["attempts"],
        get_settings().auth,
    )


def get_address() -> str:
    """Return the address of the caller."""
    return get_client().address
