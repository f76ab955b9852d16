"""Settings of tokens, passwords and login attempts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from app import DISTRIBUTION
from app.core.settings.sections import Limit, Section, safe_if

_DAY = 24 * 60 * 60
# A secret with fewer distinct characters is not random.
_DISTINCT_CHARACTERS = 10
_OWASP_MEMORY_KIB = 19_456
_OWASP_TIME_COST = 2


def _is_random(secret: SecretStr) -> bool:
    text = secret.get_secret_value()
    return "change-me" not in text and len(set(text)) >= _DISTINCT_CHARACTERS


class AuthSettings(Section):
    """Tokens, passwords and attempts. Times are in seconds.

    Attributes:
        secret_key: signs access tokens; at least 256 bits (RFC 7518 section 3.2).
        access_token_seconds: lifetime of an access token.
        refresh_idle_seconds: a session expires if it is not refreshed for this long.
        refresh_absolute_seconds: maximum lifetime of a session.
        refresh_leeway_seconds: how long a used refresh token is still accepted, for
            clients that refresh twice at once; with 0, reuse ends the session.
        revocation_cache_seconds: how long to cache a session's validity; with 0,
            logout and disabling take effect at once.
        password_memory_kib: memory of one Argon2id hash (OWASP: 19 MiB with 2 rounds).
        password_time_cost: rounds of one Argon2id hash.
        attempts_per_account_and_address: failed logins of an account from one address.
        attempts_per_account: failed logins of an account from all addresses together
            (NIST SP 800-63B-4 section 3.2.2 wants at most 100 in a row); addresses from
            which it has signed in have a count each.
        attempts_per_address: registrations, logins and refreshes from one address.
    """

    secret_key: Annotated[
        SecretStr, safe_if(_is_random, "is not random: use `openssl rand -hex 32`")
    ] = Field(min_length=32)
    issuer: str = DISTRIBUTION
    audience: str = DISTRIBUTION
    access_token_seconds: int = Field(default=900, ge=1, le=900)
    refresh_idle_seconds: int = Field(default=14 * _DAY, ge=60)
    refresh_absolute_seconds: int = Field(default=90 * _DAY, ge=60)
    refresh_leeway_seconds: int = Field(default=0, ge=0, le=60)
    revocation_cache_seconds: int = Field(default=0, ge=0, le=300)
    password_memory_kib: Annotated[
        int, safe_if(_OWASP_MEMORY_KIB.__le__, f"must be at least {_OWASP_MEMORY_KIB}")
    ] = Field(default=_OWASP_MEMORY_KIB, ge=8)
    password_time_cost: Annotated[
        int, safe_if(_OWASP_TIME_COST.__le__, f"must be at least {_OWASP_TIME_COST}")
    ] = Field(default=_OWASP_TIME_COST, ge=1)
    attempts_per_account_and_address: Limit = "10/minute"
    attempts_per_account: Limit = "100/day"
    attempts_per_address: Limit = "60/minute"
