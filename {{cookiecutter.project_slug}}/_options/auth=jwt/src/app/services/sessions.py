"""Registration, login, token refresh and logout."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from app.auth.credentials import InvalidCredentialsError, PasswordCheck
from app.auth.errors import InvalidTokenError
from app.auth.tokens import (
    issue_access_token,
    new_refresh_token,
    refresh_token_hash,
)
from app.core.email import email_key
from app.errors import UnavailableError
from app.models.base import utc_now
from app.models.session import UserSession
from app.models.user import User
from app.schemas.sessions import Tokens
from app.schemas.users import UserPublic
from app.scopes import ADMIN, all_scopes

if TYPE_CHECKING:
    from uuid import UUID

    from app.auth.credentials import AttemptLimiter, Passwords
    from app.core.settings.auth import AuthSettings
    from app.repositories.sessions import SessionRepository
    from app.schemas.sessions import Login, Refresh
    from app.schemas.users import UserRegister

NEW_USER_SCOPES = [scope for scope in all_scopes() if scope != ADMIN]

audit_log = structlog.get_logger("app.audit")

# One login in this many also deletes expired sessions.
_PURGE_EVERY = 100


class SessionService:
    """Operations without authentication. `address` is the caller's."""

    def __init__(
        self,
        sessions: SessionRepository,
        passwords: Passwords,
        limiter: AttemptLimiter,
        settings: AuthSettings,
    ) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._limiter = limiter
        self._settings = settings
        self._check = PasswordCheck(passwords, limiter, settings)

    async def register(self, data: UserRegister, address: str) -> UserPublic:
        """Create an account.

        Raises:
            WeakPasswordError: the password is easy to guess.
            EmailTakenError: an account with this e-mail address exists.
            TooManyRequestsError: too many attempts from this address.
        """
        await self._count_address(address)
        password = data.password.get_secret_value()
        user = User(
            email=data.email,
            name=data.name,
            password_hash=await self._passwords.hash_new(password, data.email),
            scopes=NEW_USER_SCOPES,
            sign_in_networks=[self._limiter.network_of(address)],
        )
        await self._sessions.add_user(user)
        audit_log.info("registered", user_id=str(user.id), client=address)
        return UserPublic.model_validate(user)

    async def login(self, data: Login, address: str) -> Tokens:
        """Start a session.

        An unknown account, a disabled one and a wrong password get the same response in
        the same time.

        Raises:
            InvalidCredentialsError: no active account has this e-mail and password.
            TooManyRequestsError: too many failures of the account or the address.
        """
        await self._count_address(address)
        email = _email_or_nobody(data.email)
        user = await self._sessions.find_user(data.email)
        password = data.password.get_secret_value()
        network = self._limiter.network_of(address)
        matches = await self._check.matches(email, user, password, network)
        if user is None or not matches:
            _record_failure(user, address)
            raise InvalidCredentialsError
        tokens = await self._start(user, network)
        if self._passwords.needs_rehash(user.password_hash):
            with suppress(UnavailableError):  # a later login will do it
                renewed = await self._passwords.hash(password)
                await self._sessions.renew_password_hash(user, renewed)
        audit_log.info("login_succeeded", user_id=str(user.id), client=address)
        return tokens

    async def refresh(self, data: Refresh, address: str) -> Tokens:
        """Exchange a refresh token for new tokens; each refresh token works once.

        Raises:
            InvalidTokenError: it is unknown, expired, or was used before. In the last
                case it was stolen, and the session ends (RFC 9700 section 4.14).
            TooManyRequestsError: too many attempts from this address.
        """
        await self._count_address(address)
        successor = new_refresh_token()
        rotation = await self._sessions.rotate(
            refresh_token_hash(data.refresh_token.get_secret_value()),
            refresh_token_hash(successor),
            now=utc_now(),
            idle=timedelta(seconds=self._settings.refresh_idle_seconds),
            leeway=timedelta(seconds=self._settings.refresh_leeway_seconds),
        )
        if rotation is None:
            raise InvalidTokenError
        if rotation.reused:
            user_id = str(rotation.user_id)
            audit_log.warning("refresh_reuse", user_id=user_id, client=address)
            raise InvalidTokenError
        return self._tokens(rotation.user_id, rotation.session_id, successor)

    async def logout(self, data: Refresh, address: str) -> None:
        """End a session and revoke its refresh and access tokens.

        An unknown token is not an error (RFC 7009 section 2.2).
        """
        token_hash = refresh_token_hash(data.refresh_token.get_secret_value())
        ended = await self._sessions.end(token_hash)
        if ended is not None:
            audit_log.info("logout", user_id=str(ended.user_id), client=address)

    async def _start(self, user: User, network: str) -> Tokens:
        now = utc_now()
        expires_at = now + timedelta(seconds=self._settings.refresh_absolute_seconds)
        idle_until = now + timedelta(seconds=self._settings.refresh_idle_seconds)
        session = UserSession(
            user_id=user.id,
            idle_until=min(idle_until, expires_at),
            expires_at=expires_at,
        )
        refresh_token = new_refresh_token()
        token_hash = refresh_token_hash(refresh_token)
        if not await self._sessions.start(user, session, token_hash, network):
            raise InvalidCredentialsError
        if secrets.randbelow(_PURGE_EVERY) == 0:
            await self._sessions.purge(now)
        return self._tokens(user.id, session.id, refresh_token)

    def _tokens(self, user_id: UUID, session_id: UUID, refresh_token: str) -> Tokens:
        return Tokens(
            access_token=issue_access_token(self._settings, user_id, session_id),
            refresh_token=refresh_token,
            expires_in=self._settings.access_token_seconds,
        )

    async def _count_address(self, address: str) -> None:
        rule = self._settings.attempts_per_address
        await self._limiter.hit(rule, "auth", self._limiter.network_of(address))


def _record_failure(user: User | None, address: str) -> None:
    """Log why a login failed; the response does not say so."""
    if user is None:
        audit_log.warning("login_failed", reason="unknown_account", client=address)
        return
    reason = "wrong_password" if user.is_active else "disabled_account"
    user_id = str(user.id)
    audit_log.warning("login_failed", reason=reason, user_id=user_id, client=address)


def _email_or_nobody(value: str) -> str:
    """Return the key of an e-mail address; of an invalid one, the empty string."""
    try:
        return email_key(value)
    except ValueError:
        return ""
