"""Accounts over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from app.api.bodies import JSONRoute
from app.api.security import AccountOwner, Admin, SignedIn
from app.api.wiring.accounts import Accounts, Users
from app.schemas.base import Page, PageQuery
from app.schemas.users import (
    AccountDelete,
    PasswordChange,
    ProfileUpdate,
    UserPublic,
    UserUpdate,
)

router = APIRouter(prefix="/users", tags=["users"], route_class=JSONRoute)


@router.get("/me")
async def get_profile(caller: SignedIn, users: Users) -> UserPublic:
    """Return your own account."""
    return await users.get(caller.id)


@router.patch("/me", responses={409: {}})
async def update_profile(
    data: ProfileUpdate,
    caller: AccountOwner,
    accounts: Accounts,
) -> UserPublic:
    """Update your own account. A new e-mail address requires the current password."""
    return await accounts.update_profile(caller.id, data)


@router.delete("/me", status_code=status.HTTP_204_NO_CONTENT, responses={409: {}})
async def delete_account(
    data: AccountDelete,
    caller: AccountOwner,
    accounts: Accounts,
) -> None:
    """Delete your own account and everything that belongs to it."""
    await accounts.delete(caller.id, data.current_password.get_secret_value())


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT)
async def change_password(
    data: PasswordChange,
    caller: AccountOwner,
    accounts: Accounts,
) -> None:
    """Change your own password. This ends every session."""
    await accounts.change_password(caller.id, data)


@router.get("")
async def list_users(
    query: Annotated[PageQuery, Query()],
    _: Admin,
    users: Users,
) -> Page[UserPublic]:
    """List accounts, newest first."""
    return await users.list(query)


@router.patch("/{user_id}", responses={409: {}})
async def update_user(
    user_id: UUID,
    data: UserUpdate,
    _: Admin,
    users: Users,
) -> UserPublic:
    """Enable, disable, promote or demote an account, with immediate effect."""
    return await users.administer(user_id, data)
