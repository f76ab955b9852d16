"""The environment of a process that tests start."""

from __future__ import annotations

import os

from tests.issuer import AUDIENCE, ISSUER

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
