"""The service that starts and ends sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.repositories.sessions import SqlSessionRepository
from app.services.sessions import SessionService


async def get_sessions(request: Request) -> SessionService:
    """Return the service; its routes are open."""
    state = request.app.state
    return SessionService(
        SqlSessionRepository(state.database),
        state.passwords,
        state.attempts,
        state.settings.auth,
    )


async def get_address(request: Request) -> str:
    """Return the address of the caller."""
    address: str = request.state.client.address
    return address


Sessions = Annotated[SessionService, Depends(get_sessions)]
Address = Annotated[str, Depends(get_address)]
