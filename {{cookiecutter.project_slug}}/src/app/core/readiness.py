"""The dependencies that readiness checks."""

from __future__ import annotations

from typing import Final

NEEDED: Final = ("database",)
