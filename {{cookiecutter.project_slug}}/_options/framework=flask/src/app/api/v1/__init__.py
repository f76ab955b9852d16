"""Version 1 of the API, a module for each resource. Each `blueprint` here is served."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

from flask import Blueprint

if TYPE_CHECKING:
    from collections.abc import Iterator


def _blueprints() -> Iterator[Blueprint]:
    """Yield the blueprint of each module, in alphabetical order.

    Raises:
        ValueError: a blueprint has no prefix, or the prefix of another.
    """
    prefixes: set[str | None] = {None, ""}
    for module in iter_modules(__path__, f"{__name__}."):
        blueprint = getattr(import_module(module.name), "blueprint", None)
        if isinstance(blueprint, Blueprint):
            if blueprint.url_prefix in prefixes:
                raise ValueError(
                    f"{module.name}: its blueprint needs a prefix of its own"
                )
            prefixes.add(blueprint.url_prefix)
            yield blueprint


BLUEPRINTS: Final = tuple(_blueprints())
