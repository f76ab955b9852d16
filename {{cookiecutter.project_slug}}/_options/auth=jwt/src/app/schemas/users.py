"""Schemas of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.email import email_key
from app.schemas.base import RequestBody, ResponseBody, Text
from app.schemas.passwords import NewPassword, Password
from app.schemas.scopes import Scopes


def checked_email(value: str) -> str:
    """Return an e-mail address as typed.

    Raises:
        ValueError: not an e-mail address; the message does not repeat the value.
    """
    email_key(value)
    return value


Email = Annotated[
    str,
    AfterValidator(checked_email),
    Field(max_length=254, json_schema_extra={"format": "email"}),
]
UserName = Annotated[Text, Field(min_length=1, max_length=200)]


class UserRegister(RequestBody):
    """A new account."""

    email: Email
    password: NewPassword
    name: UserName | None = None


class ProfileUpdate(RequestBody):
    """Changes to your own account; a new e-mail address requires the password."""

    email: Email = Field(default_factory=str)
    name: UserName | None = None
    current_password: Password | None = None


class PasswordChange(RequestBody):
    """A new password, and the current one as confirmation."""

    current_password: Password
    new_password: NewPassword


class AccountDelete(RequestBody):
    """The current password, to confirm the deletion of your own account."""

    current_password: Password


class UserUpdate(RequestBody):
    """Changes that an administrator makes to an account."""

    is_active: bool = Field(default_factory=bool)
    scopes: Scopes = Field(default_factory=list)


class UserPublic(ResponseBody):
    """An account as its owner and administrators see it."""

    id: UUID
    email: str
    name: str | None
    scopes: list[str]
    is_active: bool
    created_at: datetime
    updated_at: datetime
