"""How tests run `app` as a process of its own."""

from __future__ import annotations

import os
import sys

from tests.issuer import AUDIENCE, ISSUER

APP = [sys.executable, "-c", "from app.cli import main; main()"]

# A process that takes longer has stopped working.
SECONDS = 60

_SYSTEM = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def fresh_environment(**settings: str) -> dict[str, str]:
    """Return settings, with what every program needs and nothing of the developer's.

    A fresh checkout does not say where the tests' own identity provider listens.
    """
    system = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
    return system | {"AUTH__ISSUER": ISSUER.url, "AUTH__AUDIENCE": AUDIENCE} | settings


def environment(**settings: str) -> dict[str, str]:
    """Return the same: the service cannot start without an identity provider."""
    return fresh_environment(**settings)
