"""Schemas of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from app.schemas.base import RequestBody, ResponseBody, Text
from app.schemas.passwords import NewPassword, Password
from app.schemas.scopes import Scopes


def normalised_email(value: str) -> str:
    """Return the normalised e-mail address: lower case, domain in Unicode.

    Raises:
        ValueError: not an e-mail address; the message does not repeat the value.
    """
    try:
        return validate_email(value, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        raise ValueError("this is not an e-mail address") from None


Email = Annotated[
    str,
    AfterValidator(normalised_email),
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
