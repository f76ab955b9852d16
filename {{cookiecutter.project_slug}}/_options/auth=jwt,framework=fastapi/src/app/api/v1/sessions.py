"""Registration, login, refresh and logout over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, status

from app.api.bodies import JSONRoute
from app.api.security import OPEN
from app.api.wiring.accounts import Address, Sessions
from app.schemas.sessions import Login, Refresh, Tokens
from app.schemas.users import UserPublic, UserRegister

router = APIRouter(prefix="/auth", tags=["auth"], route_class=JSONRoute)


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    responses={409: {}},
    openapi_extra=OPEN,
)
async def register(
    data: UserRegister,
    sessions: Sessions,
    address: Address,
) -> UserPublic:
    """Create an account."""
    return await sessions.register(data, address)


@router.post("/login", responses={401: {}}, openapi_extra=OPEN)
async def login(data: Login, sessions: Sessions, address: Address) -> Tokens:
    """Log in. Start a session and return its tokens."""
    return await sessions.login(data, address)


@router.post("/refresh", responses={401: {}}, openapi_extra=OPEN)
async def refresh(data: Refresh, sessions: Sessions, address: Address) -> Tokens:
    """Exchange a refresh token for new tokens. Each refresh token works once."""
    return await sessions.refresh(data, address)


@router.post(
    "/logout",
    status_code=status.HTTP_204_NO_CONTENT,
    openapi_extra=OPEN,
)
async def logout(data: Refresh, sessions: Sessions, address: Address) -> None:
    """End a session and revoke all its tokens."""
    await sessions.logout(data, address)
