"""Accounts over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint

from app.api.operations import operation
from app.api.security import AccountOwner, Admin, SignedIn
from app.api.wiring.accounts import get_accounts, get_users
from app.schemas.base import Page, PageQuery
from app.schemas.users import (
    AccountDelete,
    PasswordChange,
    ProfileUpdate,
    UserPublic,
    UserUpdate,
)

blueprint = Blueprint("users", __name__, url_prefix="/users")


@blueprint.get("/me")
@operation()
def get_profile(caller: SignedIn) -> UserPublic:
    """Return your own account."""
    return get_users().get(caller.id)


@blueprint.patch("/me")
@operation(refusals=(409,))
def update_profile(data: ProfileUpdate, caller: AccountOwner) -> UserPublic:
    """Update your own account. A new e-mail address requires the current password."""
    return get_accounts().update_profile(caller.id, data)


@blueprint.delete("/me")
@operation(HTTPStatus.NO_CONTENT, refusals=(409,))
def delete_account(data: AccountDelete, caller: AccountOwner) -> None:
    """Delete your own account and everything that belongs to it."""
    get_accounts().delete(caller.id, data.current_password.get_secret_value())


@blueprint.put("/me/password")
@operation(HTTPStatus.NO_CONTENT)
def change_password(data: PasswordChange, caller: AccountOwner) -> None:
    """Change your own password. This ends every session."""
    get_accounts().change_password(caller.id, data)


@blueprint.get("")
@operation()
def list_users(query: PageQuery, _: Admin) -> Page[UserPublic]:
    """List accounts, newest first."""
    return get_users().list(query)


@blueprint.patch("/<user_id>")
@operation(refusals=(409,))
def update_user(user_id: UUID, data: UserUpdate, _: Admin) -> UserPublic:
    """Enable, disable, promote or demote an account, with immediate effect."""
    return get_users().administer(user_id, data)
