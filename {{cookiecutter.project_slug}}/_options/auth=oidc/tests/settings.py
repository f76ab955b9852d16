"""The settings that tests run with: nothing is read from outside."""

from __future__ import annotations

from typing import Final

from app.core.settings import Settings
from tests.issuer import AUDIENCE, ISSUER

# What the service cannot start without, as environment variables.
REQUIRED_ENVIRONMENT = {
    "AUTH__ISSUER": "https://issuer.example",
    "AUTH__AUDIENCE": AUDIENCE,
}

AUTH: Final[dict[str, object]] = {"issuer": ISSUER.url, "audience": AUDIENCE}


def make_settings(database_url: str | None = None, **changes: object) -> Settings:
    """Return settings for a database (one that no test opens), with others changed."""
    values: dict[str, object] = {"environment": "test", "auth": AUTH}
    if database_url is not None:
        values["database"] = {"url": database_url}
    return Settings.model_validate(values | changes)
