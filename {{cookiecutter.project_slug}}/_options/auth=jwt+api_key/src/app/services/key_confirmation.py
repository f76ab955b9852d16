"""Confirmation that a user, not a thief of their access token, asks for an API key."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.errors import AppError
from app.models.base import utc_now

if TYPE_CHECKING:
    from app.auth.authenticator import SignedInUser
    from app.schemas.passwords import Password
    from app.services.users import AccountService

RECENT = timedelta(minutes=5)


class ConfirmationRequiredError(AppError):
    """The session is too old to create a key that outlives it."""

    status = 403
    code = "confirmation_required"
    default_detail = "Send current_password, or log in again."


async def confirm(
    caller: SignedInUser, current_password: Password | None, accounts: AccountService
) -> None:
    """Accept the current password or, if it was not sent, a recent login.

    Raises:
        ConfirmationRequiredError: neither was given.
        WrongPasswordError: the password is wrong.
        TooManyRequestsError: it was wrong too often.
    """
    if current_password is not None:
        await accounts.confirm(caller.id, current_password.get_secret_value())
    elif utc_now() - caller.signed_in_at > RECENT:
        raise ConfirmationRequiredError
