"""Authentication and authorization of callers."""

from __future__ import annotations

from typing import Final

# Accepted authentication schemes (RFC 9110 section 11).
SCHEMES: Final = ("APIKey",)
