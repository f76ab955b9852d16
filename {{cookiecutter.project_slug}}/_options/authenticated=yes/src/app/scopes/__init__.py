"""Scopes and what they imply. Each entity declares its own, in a module here."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable

Scope = NewType("Scope", str)

_declared: set[Scope] = set()


def declare(name: str) -> Scope:
    """Declare a scope, such as `items:read`.

    Raises:
        ValueError: there is a scope of that name already.
    """
    scope = Scope(name)
    if scope in _declared:
        raise ValueError(f"the scope {name} is declared twice")
    _declared.add(scope)
    return scope


ADMIN: Final = declare("admin")


def all_scopes() -> list[Scope]:
    """Return every scope, in alphabetical order."""
    return sorted(_declared)


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes and all that they imply: `admin` implies every other."""
    held = frozenset(scopes)
    return held.union(all_scopes()) if ADMIN in held else held


for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)  # declares the scopes of an entity
