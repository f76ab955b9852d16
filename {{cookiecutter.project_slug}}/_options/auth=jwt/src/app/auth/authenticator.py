"""Authentication with access tokens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.errors import InvalidTokenError, NotAuthenticatedError
from app.auth.principal import Principal
from app.auth.tokens import read_access_token
from app.errors import BadRequestError
from app.repositories.sessions import find_access

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.core.database import Session
    from app.core.settings.auth import AuthSettings

_CACHED_PRINCIPALS = 10_000


class AccountDeletedError(InvalidTokenError):
    """The account was deleted after the request had been authenticated."""

    code = "account_deleted"
    constraints = (
        "fk_*_owner_id_users",
        "fk_*_user_id_users",
        "fk_refresh_tokens_session_id_user_sessions",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInUser(Principal):
    """The user of a session.

    Attributes:
        signed_in_at: when the session began, with the password.
    """

    signed_in_at: datetime


class Authenticator:
    """Authenticates callers by the Authorization header.

    The token names the session. The session and its user's scopes are read from the
    database each time, so that logout, disabling and demoting take effect at once, or
    once `revocation_cache_seconds` have passed.
    """

    def __init__(self, settings: AuthSettings) -> None:
        self._settings = settings
        self._seen: dict[UUID, tuple[float, SignedInUser]] = {}

    async def authenticate(
        self,
        authorization: str | None,
        session: Session,
    ) -> SignedInUser:
        """Return the caller.

        Raises:
            NotAuthenticatedError: no token was sent.
            InvalidTokenError: the token is invalid.
            BadRequestError: several credentials were sent (RFC 6750 section 3.1).
        """
        if authorization is None:
            raise NotAuthenticatedError
        if "," in authorization:
            raise BadRequestError("Send one Authorization header.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidTokenError
        claims = read_access_token(self._settings, token.strip())
        now = time.monotonic()
        until, principal = self._seen.get(claims.sid, (0.0, None))
        if principal is not None and now < until:
            return principal
        access = await find_access(session, claims.sid)
        if access is None or access.user_id != claims.sub:
            raise InvalidTokenError
        principal = SignedInUser(
            access.user_id,
            frozenset(access.scopes),
            signed_in_at=access.signed_in_at,
        )
        self._remember(claims.sid, principal, now)
        return principal

    def _remember(self, session_id: UUID, principal: SignedInUser, now: float) -> None:
        if self._settings.revocation_cache_seconds == 0:
            return
        if len(self._seen) >= _CACHED_PRINCIPALS:
            self._seen.clear()
        until = now + self._settings.revocation_cache_seconds
        self._seen[session_id] = (until, principal)
