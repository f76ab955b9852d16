"""The settings of the service."""

from __future__ import annotations

from enum import StrEnum
from operator import not_
from typing import Annotated, cast

from pydantic import BeforeValidator, DirectoryPath, Field

from app.core.settings.auth import AuthSettings
from app.core.settings.database import DatabaseSettings
from app.core.settings.sections import (
    CorsSettings,
    Networks,
    RateLimitSettings,
    RootPath,
    Section,
    safe_if,
)


class Environment(StrEnum):
    """The environment that the service runs in."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


type Directory = Annotated[
    DirectoryPath | None, BeforeValidator(lambda path: path or None)
]


class Settings(Section):
    """The settings of one process; `app.core.settings.sources` reads them.

    Attributes:
        secrets_directory: holds files that are named after settings.
        trusted_proxies: networks whose `X-Forwarded-*` headers are trusted.
        root_path: prefix of the public paths, such as `/shop`, that a proxy strips.
        max_body_bytes: maximum size of a request body.
        max_body_seconds: how long a client may take to send it.
        keep_alive_seconds: timeout of idle connections and of request headers; behind
            a proxy, longer than its own idle timeout.
        drain_seconds: how long to keep serving after SIGTERM, while load balancers
            notice that the service is not ready.
        shutdown_seconds: how long requests in progress then have to finish.
    """

    environment: Environment = Environment.DEVELOPMENT
    debug: Annotated[bool, safe_if(not_, "must be off")] = False
    secrets_directory: Directory = None
    trusted_proxies: Networks = ()
    root_path: RootPath = ""
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    max_body_seconds: int = Field(default=10, ge=1)
    keep_alive_seconds: int = Field(default=10, ge=1)
    drain_seconds: int = Field(default=0, ge=0)
    shutdown_seconds: int = Field(default=20, ge=1)
    # Required: validating an empty section names the missing settings.
    auth: AuthSettings = cast("AuthSettings", {})
    database: DatabaseSettings = DatabaseSettings()
    rate_limit: RateLimitSettings = RateLimitSettings()
    cors: CorsSettings = CorsSettings()
