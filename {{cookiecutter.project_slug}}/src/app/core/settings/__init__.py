"""The settings of the service."""

from __future__ import annotations

from app.core.settings.model import Environment, Settings
from app.core.settings.sources import (
    env_file_warnings,
    load_settings,
    write_missing_env_file,
)

__all__ = [
    "Environment",
    "Settings",
    "env_file_warnings",
    "load_settings",
    "write_missing_env_file",
]
