"""Operations of users on their own accounts that the password permits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.auth.credentials import PasswordCheck, WrongPasswordError
from app.auth.errors import InvalidTokenError
from app.core.email import email_key
from app.schemas.users import UserPublic

if TYPE_CHECKING:
    from uuid import UUID

    from app.auth.credentials import AttemptLimiter, Passwords
    from app.core.settings.auth import AuthSettings
    from app.models.user import User
    from app.repositories.accounts import AccountRepository
    from app.schemas.users import PasswordChange, ProfileUpdate

audit_log = structlog.get_logger("app.audit")


class AccountService:
    """Operations on the caller's account.

    Each raises InvalidTokenError if the account was disabled or deleted, or got another
    password, since the caller was authenticated.
    """

    def __init__(
        self,
        accounts: AccountRepository,
        passwords: Passwords,
        limiter: AttemptLimiter,
        settings: AuthSettings,
        address: str,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._password_check = PasswordCheck(passwords, limiter, settings)
        self._network = limiter.network_of(address)

    async def update_profile(self, user_id: UUID, data: ProfileUpdate) -> UserPublic:
        """Change the fields that were sent.

        Raises:
            WrongPasswordError: the e-mail address changes, and the password is wrong.
            TooManyRequestsError: the password was wrong too often.
            EmailTakenError: another account has this e-mail address.
        """
        user = await self._find(user_id)
        changes = data.model_dump(exclude_unset=True, exclude={"current_password"})
        if "email" in changes and email_key(changes["email"]) != user.email_key:
            password = data.current_password
            await self._check(user, password.get_secret_value() if password else "")
        changed = await self._accounts.update(user, changes)
        if changed is None:
            raise InvalidTokenError
        if changed.email != user.email:
            audit_log.info("email_changed", user_id=str(user_id))
        return UserPublic.model_validate(changed)

    async def change_password(self, user_id: UUID, data: PasswordChange) -> None:
        """Change the password, and end every session of the account.

        Raises:
            WrongPasswordError: the current password is wrong.
            TooManyRequestsError: it was wrong too often.
            WeakPasswordError: the new password is easy to guess.
        """
        user = await self.confirm(user_id, data.current_password.get_secret_value())
        password = data.new_password.get_secret_value()
        password_hash = await self._passwords.hash_new(
            password,
            user.email,
            field="new_password",
        )
        if not await self._accounts.set_password(user, password_hash):
            raise InvalidTokenError
        audit_log.info("password_changed", user_id=str(user_id))

    async def delete(self, user_id: UUID, current_password: str) -> None:
        """Delete the account and everything that belongs to it.

        Raises:
            WrongPasswordError: the password is wrong.
            TooManyRequestsError: it was wrong too often.
            LastAdministratorError: nobody else is an administrator.
        """
        user = await self.confirm(user_id, current_password)
        if not await self._accounts.delete(user):
            raise InvalidTokenError
        audit_log.info("account_deleted", user_id=str(user_id))

    async def confirm(self, user_id: UUID, current_password: str) -> User:
        """Return the account if its user has just given the password again.

        Raises:
            WrongPasswordError: the password is wrong.
            TooManyRequestsError: it was wrong too often.
        """
        user = await self._find(user_id)
        await self._check(user, current_password)
        return user

    async def _check(self, user: User, password: str) -> None:
        """Check the current password: a stolen token must not be enough."""
        matches = await self._password_check.matches(
            user.email_key, user, password, self._network, signed_in=True
        )
        if not matches:
            raise WrongPasswordError

    async def _find(self, user_id: UUID) -> User:
        user = await self._accounts.find(user_id)
        if user is None:
            raise InvalidTokenError
        return user
