"""The identity provider: its metadata and keys, fetched when needed and cached.

OpenID Connect Discovery 1.0; RFC 7517.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, ConfigDict

from app.auth.http_client import FETCH_SECONDS, fetch_json
from app.auth.jwks import find_key, read_keys
from app.auth.threads import Lock, run_in_thread
from app.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.auth.jwks import Key

logger = structlog.get_logger(__name__)

# How long keys are cached, so that revoked ones are dropped.
KEEP_SECONDS = 300
# How long keys are used while new ones cannot be fetched.
MAX_AGE_SECONDS = 24 * 60 * 60
# Minimum time between fetches caused by unknown keys.
COOLDOWN_SECONDS = 30
# Time between attempts while there are no keys.
RETRY_SECONDS = 2

_ORIGIN = re.compile(
    r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(?=[/?#]|$)"
)


class ProviderUnavailableError(UnavailableError):
    """No token can be verified until the provider's keys have been fetched."""

    code = "identity_provider_unavailable"
    default_detail = "The identity provider is not available; try again shortly."


class Metadata(BaseModel):
    """The metadata of the provider, as far as needed."""

    model_config = ConfigDict(hide_input_in_errors=True)

    issuer: str
    jwks_uri: str
    token_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The fetched metadata and keys."""

    metadata: Metadata
    keys: tuple[Key, ...]

    @property
    def kids(self) -> list[str | None]:
        """The ids of the keys."""
        return [key.kid for key in self.keys]


def discovery_url(issuer: str) -> str:
    """Return the URL of the provider's metadata (Discovery section 4.1)."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of a web address, or None if it is none."""
    match = _ORIGIN.match(url)
    return None if match is None else match[0]


class Provider:
    """Caches the provider's keys, and fetches them as rarely as possible.

    Cached keys stay valid for a day while the provider is unavailable. An unknown key
    may be new, so it is fetched at once, but not again before the cooldown has passed.
    There is one fetch at a time; concurrent requests wait for it together.
    """

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._known: Known | None = None
        self._lock = Lock()
        self._asked_at = self._asked_for_unknown_at = self._fetched_at = float("-inf")

    async def key_for(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key that a token must be signed with, or None.

        Raises:
            ProviderUnavailableError: no keys have been fetched within a day.
        """
        known = await self._current()
        if known is None:
            raise ProviderUnavailableError
        key = find_key(known.keys, kid, algorithm)
        if key is None:
            await self._ask_if(self._may_ask_for_unknown)
            key = find_key(self._known.keys if self._known else (), kid, algorithm)
        return key

    async def is_available(self) -> bool:
        """Return whether tokens can be verified."""
        return await self._current() is not None

    async def origins(self) -> list[str]:
        """Return the known origins that a browser calls to sign in."""
        known = await self._current()
        urls = [self._issuer]
        if known is not None and known.metadata.token_endpoint is not None:
            urls.append(known.metadata.token_endpoint)
        return sorted(origin for origin in set(map(origin_of, urls)) if origin)

    async def _current(self) -> Known | None:
        if time.monotonic() - self._fetched_at >= MAX_AGE_SECONDS:
            self._known = None
        if self._known is None:
            await self._ask_if(self._is_missing)
        elif self._is_old() and not self._lock.locked():
            await self._ask_if(self._is_old)
        return self._known

    def _is_missing(self) -> bool:
        return self._known is None and self._has_passed(RETRY_SECONDS)

    def _is_old(self) -> bool:
        return self._has_passed(KEEP_SECONDS)

    def _has_passed(self, seconds: float) -> bool:
        return time.monotonic() - self._asked_at >= seconds

    def _may_ask_for_unknown(self) -> bool:
        """Return whether the cooldown has passed; if so, restart it."""
        now = time.monotonic()
        if now - self._asked_for_unknown_at < COOLDOWN_SECONDS:
            return False
        self._asked_for_unknown_at = now
        return True

    async def _ask_if(self, due: Callable[[], bool]) -> None:
        """Fetch from the provider if this is still due once the lock is held."""
        async with self._lock:
            if not due():
                return
            try:
                fetched = await run_in_thread(FETCH_SECONDS, _fetch, self._issuer)
            except (OSError, HTTPException, ValueError, RecursionError) as error:
                logger.error(  # noqa: TRY400  # the reason is enough
                    "identity_provider_unavailable",
                    issuer=self._issuer,
                    reason=_reason(error),
                    has_keys=self._known is not None,
                )
            else:
                self._replace(fetched)
            finally:
                self._asked_at = time.monotonic()

    def _replace(self, fetched: Known) -> None:
        """Replace the cached data; log a change of keys."""
        if self._known is not None and set(self._known.kids) != set(fetched.kids):
            logger.info("identity_provider_keys_changed", kids=fetched.kids)
        self._known = fetched
        self._fetched_at = time.monotonic()


def _fetch(issuer: str) -> Known:
    metadata = Metadata.model_validate(fetch_json(discovery_url(issuer)))
    if metadata.issuer != issuer:
        raise ValueError(f"the provider calls itself {metadata.issuer[:200]!r}")
    # Plain HTTP is for a provider in development, whose issuer uses it, too.
    if issuer.startswith("https:") and urlsplit(metadata.jwks_uri).scheme != "https":
        raise ValueError("the provider's keys are not at an https:// address")
    return Known(metadata, read_keys(fetch_json(metadata.jwks_uri)))


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
