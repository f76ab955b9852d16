"""Operations on accounts: by administrators and operators, and by their users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from app.auth.credentials import PasswordCheck, WrongPasswordError
from app.auth.errors import InvalidTokenError
from app.core.email import email_key
from app.errors import NotFoundError
from app.models.user import User
from app.repositories.users import LastAdministratorError
from app.schemas.base import Page
from app.schemas.users import UserPublic
from app.scopes import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from app.auth.credentials import AttemptLimiter, Passwords
    from app.core.settings.auth import AuthSettings
    from app.repositories.users import AccountRepository, UserRepository
    from app.schemas.base import PageQuery
    from app.schemas.users import PasswordChange, ProfileUpdate, UserUpdate
    from app.scopes import Scope

audit_log = structlog.get_logger("app.audit")


class UserService:
    """Operations of administrators and operators on any account."""

    def __init__(self, users: UserRepository, passwords: Passwords) -> None:
        self._users = users
        self._passwords = passwords

    async def get(self, user_id: UUID) -> UserPublic:
        """Return an account.

        Raises:
            NotFoundError: there is no such account.
        """
        user = await self._find(user_id)
        return UserPublic.model_validate(user)

    async def list(self, query: PageQuery) -> Page[UserPublic]:
        """Return a page of accounts, newest first."""
        total = await self._users.count()
        users = await self._users.list(offset=query.offset, limit=query.size)
        return Page[UserPublic](
            items=[UserPublic.model_validate(user) for user in users],
            page=query.page,
            size=query.size,
            total=total,
        )

    async def administer(self, user_id: UUID, data: UserUpdate) -> UserPublic:
        """Enable, disable, promote or demote, effective from the next request.

        Raises:
            NotFoundError: there is no such account.
            LastAdministratorError: nobody else is an administrator.
        """
        return await self._administer(user_id, data.model_dump(exclude_unset=True))

    async def set_active(self, email: str, *, is_active: bool) -> UserPublic:
        """Enable or disable, effective from the next request.

        Raises:
            NotFoundError: there is no account with this e-mail address.
            LastAdministratorError: nobody else is an administrator.
        """
        user = await self._find_by_email(email)
        return await self._administer(user.id, {"is_active": is_active})

    async def promote(self, email: str) -> UserPublic:
        """Add the scope `admin`, effective from the next request.

        Raises:
            NotFoundError: there is no account with this e-mail address.
        """
        user = await self._find_by_email(email)
        scopes = sorted({*user.scopes, ADMIN})
        return await self._administer(user.id, {"scopes": scopes})

    async def demote(self, email: str) -> UserPublic:
        """Remove the scope `admin`, effective from the next request.

        Raises:
            NotFoundError: there is no account with this e-mail address.
            LastAdministratorError: nobody else is an administrator.
        """
        user = await self._find_by_email(email)
        scopes = [scope for scope in user.scopes if scope != ADMIN]
        return await self._administer(user.id, {"scopes": scopes})

    async def create(
        self,
        email: str,
        password: str,
        scopes: Iterable[Scope],
    ) -> UserPublic:
        """Create an account with these scopes.

        Raises:
            EmailTakenError: an account with this e-mail address exists.
            WeakPasswordError: the password is easy to guess.
        """
        password_hash = await self._passwords.hash_new(password, email)
        user = User(email=email, password_hash=password_hash, scopes=list(scopes))
        await self._users.add(user)
        return UserPublic.model_validate(user)

    async def set_password(self, email: str, password: str) -> None:
        """Set the password without the current one, and end every session.

        Raises:
            NotFoundError: there is no account with this e-mail address.
            WeakPasswordError: the password is easy to guess.
        """
        # Hash first: on SQLite, a transaction would keep other writers waiting.
        password_hash = await self._passwords.hash_new(
            password,
            email,
            field="new_password",
        )
        user = await self._find_by_email(email)
        user.password_hash = password_hash
        await self._users.save(user)
        await self._users.end_sessions(user.id)
        audit_log.info("password_changed", user_id=str(user.id))

    async def _administer(
        self,
        user_id: UUID,
        changes: Mapping[str, Any],
    ) -> UserPublic:
        outcome = {"is_active": True, "scopes": [ADMIN], **changes}
        administers = outcome["is_active"] and ADMIN in outcome["scopes"]
        if not administers and await self._users.is_last_administrator(user_id):
            raise LastAdministratorError
        user = await self._find(user_id)
        for name, value in changes.items():
            setattr(user, name, value)
        await self._users.save(user)
        if not user.is_active:
            await self._users.end_sessions(user_id)
        audit_log.info("account_administered", user_id=str(user_id), **changes)
        return UserPublic.model_validate(user)

    async def _find(self, user_id: UUID) -> User:
        user = await self._users.find(user_id)
        if user is None:
            raise NotFoundError
        return user

    async def _find_by_email(self, email: str) -> User:
        user = await self._users.find_by_email(email)
        if user is None:
            raise NotFoundError("There is no account with this e-mail address.")
        return user


class AccountService:
    """Operations on the caller's own account that its password permits.

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
