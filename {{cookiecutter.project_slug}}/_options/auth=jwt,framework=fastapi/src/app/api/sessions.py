"""Registering and signing in over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, status

from app.api.dependencies import ClientDep, DatabaseDep, SettingsDep
from app.api.routing import JSONRoute
from app.repositories.sessions import SqlSessionRepository
from app.schemas.sessions import Login, Refresh, Tokens
from app.schemas.users import UserPublic, UserRegister
from app.services.sessions import SessionService

router = APIRouter(prefix="/auth", tags=["auth"], route_class=JSONRoute)


async def get_sessions(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
) -> SessionService:
    """Give the service that starts and ends sessions."""
    return SessionService(
        SqlSessionRepository(database),
        request.app.state.passwords,
        request.app.state.attempts,
        settings.auth,
    )


Sessions = Annotated[SessionService, Depends(get_sessions)]


@router.post("/register", status_code=status.HTTP_201_CREATED)
async def register(
    data: UserRegister,
    sessions: Sessions,
    client: ClientDep,
) -> UserPublic:
    """Make an account."""
    return await sessions.register(data, client.address)


@router.post("/login")
async def login(data: Login, sessions: Sessions, client: ClientDep) -> Tokens:
    """Start a session."""
    return await sessions.login(data, client.address)


@router.post("/refresh")
async def refresh(data: Refresh, sessions: Sessions, client: ClientDep) -> Tokens:
    """Trade a refresh token for new tokens; each can be used once."""
    return await sessions.refresh(data, client.address)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def logout(data: Refresh, sessions: Sessions, client: ClientDep) -> None:
    """End a session: all its tokens are worth nothing from now on."""
    await sessions.logout(data, client.address)
