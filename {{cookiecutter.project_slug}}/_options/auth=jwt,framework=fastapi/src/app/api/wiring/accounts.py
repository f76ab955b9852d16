"""The services of accounts and of their sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.api.dependencies import SessionDep
from app.repositories.sessions import SqlSessionRepository
from app.repositories.users import SqlAccountRepository, SqlUserRepository
from app.services.sessions import SessionService
from app.services.users import AccountService, UserService


async def get_users(request: Request, session: SessionDep) -> UserService:
    """Return the service of all accounts; the route says who may call it."""
    return UserService(SqlUserRepository(session), request.app.state.passwords)


async def get_accounts(request: Request) -> AccountService:
    """Return the service of the caller's account, which opens transactions itself."""
    state = request.app.state
    return AccountService(
        SqlAccountRepository(state.database),
        state.passwords,
        state.rate_limiter,
        state.settings.auth,
        request.state.client.address,
    )


async def get_sessions(request: Request) -> SessionService:
    """Return the service that starts and ends sessions; its routes are open."""
    state = request.app.state
    return SessionService(
        SqlSessionRepository(state.database),
        state.passwords,
        state.rate_limiter,
        state.settings.auth,
    )


async def get_address(request: Request) -> str:
    """Return the address of the caller."""
    address: str = request.state.client.address
    return address


Users = Annotated[UserService, Depends(get_users)]
Accounts = Annotated[AccountService, Depends(get_accounts)]
Sessions = Annotated[SessionService, Depends(get_sessions)]
Address = Annotated[str, Depends(get_address)]
