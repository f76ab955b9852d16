"""Accepted authentication schemes (RFC 9110 section 11)."""

from __future__ import annotations

from typing import Final

SCHEMES: Final = ("Bearer",)
