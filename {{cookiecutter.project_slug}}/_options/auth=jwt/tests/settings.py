"""The settings that tests run with: nothing is read from outside."""

from __future__ import annotations

from typing import Final

from app.core.settings import Settings

SECRET_KEY = "a secret for tests, which nobody else uses"

# What the service cannot start without, as environment variables.
REQUIRED_ENVIRONMENT = {"AUTH__SECRET_KEY": SECRET_KEY}

# The cheapest hash there is: tests make many users.
AUTH: Final[dict[str, object]] = {
    "secret_key": SECRET_KEY,
    "password_memory_kib": 8,
    "password_time_cost": 1,
}


def make_settings(database_url: str | None = None, **changes: object) -> Settings:
    """Return settings for a database (one that no test opens), with others changed."""
    values: dict[str, object] = {"environment": "test", "auth": AUTH}
    if database_url is not None:
        values["database"] = {"url": database_url}
    return Settings.model_validate(values | changes)
