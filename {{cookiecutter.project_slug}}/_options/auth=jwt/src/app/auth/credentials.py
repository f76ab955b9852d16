"""Checks of passwords: hashing (OWASP), and limits on guessing (NIST SP 800-63B-4)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits.errors import StorageError

from app.auth.errors import challenge
from app.auth.hashing_queue import HashingQueue
from app.core.rate_limit import RateLimiter, limit_of
from app.errors import AppError
from app.schemas.passwords import WeakPasswordError, normalised, weakness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.core.settings.auth import AuthSettings
    from app.models.user import User


class InvalidCredentialsError(AppError):
    """No account has this e-mail address and password; which of the two is not said."""

    status = 401
    code = "invalid_credentials"
    default_detail = "The e-mail address or the password is wrong."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge("Bearer")})


class WrongPasswordError(AppError):
    """The current password, asked for once more, is wrong."""

    status = 403
    code = "wrong_password"
    default_detail = "The current password is wrong."


class Passwords:
    """Hashes and verifies with Argon2id; a verification takes about 20 ms by design."""

    def __init__(self, settings: AuthSettings) -> None:
        self._hasher = PasswordHasher(
            memory_cost=settings.password_memory_kib,
            time_cost=settings.password_time_cost,
            parallelism=1,
        )
        self._queue = HashingQueue()
        self._nobodys_hash = self._make_nobodys_hash()

    async def hash(self, password: str) -> str:
        """Return the hash to store for a password.

        Raises:
            UnavailableError: too many passwords are being hashed.
        """
        return await self._queue.run(self._hasher.hash, normalised(password))

    async def hash_new(
        self,
        password: str,
        email: str,
        *,
        field: str = "password",
    ) -> str:
        """Return the hash to store for a password that a user has chosen.

        Args:
            password: the new password.
            email: the user's address, which it must not be made of.
            field: the name of the password in the request body.

        Raises:
            WeakPasswordError: it is easy to guess.
            UnavailableError: too many passwords are being hashed.
        """
        if reason := await self._queue.run(weakness, password, email):
            raise WeakPasswordError(reason, field=field)
        return await self.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password matches the hash.

        Without a hash (unknown user), return false after the same time: response times
        must not reveal which accounts exist.

        Raises:
            UnavailableError: too many passwords are being hashed.
        """
        kept = password_hash or self._nobodys_hash
        matches = await self._queue.run(self._matches, kept, normalised(password))
        return matches and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether the hash was made with outdated parameters."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _make_nobodys_hash(self) -> str:
        """Return a hash with the current parameters that no password matches."""
        salt, digest = (
            base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
            for length in (self._hasher.salt_len, self._hasher.hash_len)
        )
        memory, time = self._hasher.memory_cost, self._hasher.time_cost
        return f"$argon2id$v=19$m={memory},t={time},p=1${salt}${digest}"


class AttemptLimiter(RateLimiter):
    """A rate limiter for failures: they are counted once they have happened."""

    async def test(self, rule: str, *key: str) -> None:
        """Raise TooManyRequestsError if `hit` would; count nothing."""
        await self._call(rule, key, counted=False)

    async def forget(self, rule: str, *key: str) -> None:
        """Reset the count."""
        limit = limit_of(rule)
        await self._local.clear(limit, *key)
        if self._shared is not None:
            with suppress(StorageError, OSError):
                await self._shared.clear(limit, *key)


class PasswordCheck:
    """Checks passwords of accounts, and limits guesses.

    Only failures count. Attackers must not lock users out of their accounts: a network
    from which the account is or was signed in has its own count, all others share one
    (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
    """

    def __init__(
        self,
        passwords: Passwords,
        limiter: AttemptLimiter,
        settings: AuthSettings,
    ) -> None:
        self._passwords = passwords
        self._limiter = limiter
        self._settings = settings

    async def matches(
        self,
        email: str,
        user: User | None,
        password: str,
        network: str,
        *,
        signed_in: bool = False,
    ) -> bool:
        """Return whether the account is active and has this password.

        Args:
            email: the key of the account's address.
            user: the account; None for an unknown one, which takes the same time.
            password: the guess.
            network: where the guess comes from.
            signed_in: whether it comes with a session of the account.

        Raises:
            TooManyRequestsError: there were too many failures.
            UnavailableError: too many passwords are being hashed.
        """
        account = hashlib.sha256(email.encode()).hexdigest()
        own = ("password", account, network)
        networks = (user.sign_in_networks if user is not None else None) or ()
        is_known = signed_in or network in networks
        limits = (
            (self._settings.attempts_per_account_and_address, own),
            (self._settings.attempts_per_account, own if is_known else own[:2]),
        )
        await self._test(limits)
        password_hash = user.password_hash if user is not None else None
        matches = await self._passwords.verify(password_hash, password)
        if user is None or not user.is_active or not matches:
            for rule, key in limits:
                await self._limiter.hit(rule, *key)
            return False
        # Of many guesses at once, those beyond the limit must reveal nothing.
        await self._test(limits)
        for rule, key in limits:
            if key == own:
                await self._limiter.forget(rule, *key)
        return True

    async def _test(self, limits: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        for rule, key in limits:
            await self._limiter.test(rule, *key)
