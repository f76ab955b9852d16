"""Registering and signing in over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, status

from app.api.routing import JSONRoute
from app.repositories.sessions import SqlSessionRepository
from app.schemas.sessions import Login, Refresh, Tokens
from app.schemas.users import UserPublic, UserRegister
from app.services.sessions import SessionService

router = APIRouter(prefix="/auth", tags=["auth"], route_class=JSONRoute)


async def get_sessions(request: Request) -> SessionService:
    """Give the service that starts and ends sessions."""
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


@router.post("/register", status_code=status.HTTP_201_CREATED, responses={409: {}})
async def register(
    data: UserRegister,
    sessions: Sessions,
    address: Address,
) -> UserPublic:
    """Make an account."""
    return await sessions.register(data, address)


@router.post("/login", responses={401: {}})
async def login(data: Login, sessions: Sessions, address: Address) -> Tokens:
    """Start a session."""
    return await sessions.login(data, address)


@router.post("/refresh", responses={401: {}})
async def refresh(data: Refresh, sessions: Sessions, address: Address) -> Tokens:
    """Trade a refresh token for new tokens; each can be used once."""
    return await sessions.refresh(data, address)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def logout(data: Refresh, sessions: Sessions, address: Address) -> None:
    """End a session: all its tokens are worth nothing from now on."""
    await sessions.logout(data, address)
