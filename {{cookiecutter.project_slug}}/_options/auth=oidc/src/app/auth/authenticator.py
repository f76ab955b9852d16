"""Authentication with access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.auth.errors import InvalidTokenError, NotAuthenticatedError
from app.auth.identity import identity_of
from app.auth.tokens import read_access_token
from app.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.auth.identity import Identity
    from app.auth.provider_cache import Provider
    from app.core.settings.auth import AuthSettings

logger = structlog.get_logger(__name__)


class Authenticator:
    """Authenticates callers by the Authorization header.

    Tokens are not checked with the provider again: permissions that it revokes stay
    valid until the token expires.
    """

    def __init__(self, settings: AuthSettings, provider: Provider) -> None:
        self._settings = settings
        self._provider = provider

    async def authenticate(
        self, authorization: str | None, needed: Iterable[str], *, client: str
    ) -> Identity:
        """Return the caller, if they have the needed scopes.

        Args:
            authorization: values of the header, joined by commas.
            needed: the required scopes.
            client: the caller's address, for the log.

        Raises:
            NotAuthenticatedError: no token was sent.
            InvalidTokenError: the token is invalid.
            InsufficientScopeError: the caller lacks a scope.
            BadRequestError: several credentials were sent (RFC 6750 section 3.1).
            ProviderUnavailableError: the provider's keys have not been fetched.
        """
        if authorization is None:
            raise NotAuthenticatedError
        try:
            identity = await self._identity(authorization)
        except InvalidTokenError as error:
            reason = type(error.__cause__ or error).__name__.strip("_")
            logger.warning("token_refused", client=client, reason=reason)
            raise
        for scope in needed:
            identity.require(scope)
        return identity

    async def _identity(self, authorization: str) -> Identity:
        if "," in authorization:
            raise BadRequestError("Send one Authorization header.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidTokenError
        settings = self._settings
        claims = await read_access_token(settings, self._provider, token.strip())
        return identity_of(claims, settings.roles_claim)
