"""The service of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.api.dependencies import SessionDep
from app.repositories.users import SqlUserRepository
from app.services.users import UserService


async def get_users(request: Request, session: SessionDep) -> UserService:
    """Return the service of all accounts; the route says who may call it."""
    state = request.app.state
    return UserService(
        SqlUserRepository(session, state.database.dialect),
        state.passwords,
        state.attempts,
        state.settings.auth,
    )


Users = Annotated[UserService, Depends(get_users)]
