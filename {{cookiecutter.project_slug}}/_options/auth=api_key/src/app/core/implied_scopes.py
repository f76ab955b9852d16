"""What a set of scopes comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes and all that they include."""
    held = frozenset(scopes)
    return held | frozenset(Scope) if Scope.ADMIN in held else held
