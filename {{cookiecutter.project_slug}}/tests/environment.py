"""The environment of a process that tests start."""

from __future__ import annotations

import os

from tests.settings import REQUIRED_ENVIRONMENT

_SYSTEM = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def fresh_environment(**settings: str) -> dict[str, str]:
    """Return settings, with what every program needs and nothing of the developer's."""
    return {name: os.environ[name] for name in _SYSTEM if name in os.environ} | settings


def environment(**settings: str) -> dict[str, str]:
    """Return the same, with what the service cannot start without."""
    return fresh_environment(**REQUIRED_ENVIRONMENT | settings)
