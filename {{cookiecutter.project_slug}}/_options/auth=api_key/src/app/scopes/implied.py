"""Scopes that others imply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.scopes.base import ADMIN, all_scopes

if TYPE_CHECKING:
    from collections.abc import Iterable


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes and all that they imply: `admin` implies every other."""
    held = frozenset(scopes)
    return held.union(all_scopes()) if ADMIN in held else held
