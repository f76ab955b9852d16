"""The settings that tests run with: nothing is read from outside."""

from __future__ import annotations

from app.core.settings import Settings

# What the service cannot start without, as environment variables.
REQUIRED_ENVIRONMENT: dict[str, str] = {}


def make_settings(database_url: str | None = None, **changes: object) -> Settings:
    """Return settings for a database (one that no test opens), with others changed."""
    values: dict[str, object] = {"environment": "test"}
    if database_url is not None:
        values["database"] = {"url": database_url}
    return Settings.model_validate(values | changes)
