"""Everything that the service can be told from outside."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, cast

from pydantic import Field

from app.core.auth_settings import AuthSettings
from app.core.sections import (
    CorsSettings,
    DatabaseSettings,
    Networks,
    RateLimitSettings,
    Section,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Environment(StrEnum):
    """Where the service runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


class Settings(Section):
    """The settings of one process; `app.core.configuration` reads them.

    Attributes:
        trusted_proxies: networks whose `X-Forwarded-*` headers are believed.
        max_body_bytes: the longest request body that is read.
    """

    environment: Environment = Environment.DEVELOPMENT
    debug: bool = False
    trusted_proxies: Networks = ()
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    # Has no default: validating an empty one names what is missing.
    auth: AuthSettings = cast("AuthSettings", {})
    database: DatabaseSettings = DatabaseSettings()
    rate_limit: RateLimitSettings = RateLimitSettings()
    cors: CorsSettings = CorsSettings()

    def offences(self) -> Iterator[str]:
        """Yield every reason not to start in staging or production."""
        if self.debug:
            yield "DEBUG must be off"
        for name in type(self).model_fields:
            section = getattr(self, name)
            if isinstance(section, Section):
                yield from section.offences()
