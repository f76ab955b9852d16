"""Version 1 of the API, a module for each resource. Each `router` here is served."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter

if TYPE_CHECKING:
    from collections.abc import Iterator


def _routers() -> Iterator[APIRouter]:
    """Yield the router of each module, in alphabetical order.

    Raises:
        ValueError: a router has no prefix, or the prefix of another.
    """
    prefixes = {""}
    for module in iter_modules(__path__, f"{__name__}."):
        router = getattr(import_module(module.name), "router", None)
        if isinstance(router, APIRouter):
            if router.prefix in prefixes:
                raise ValueError(f"{module.name}: its router needs a prefix of its own")
            prefixes.add(router.prefix)
            yield router


ROUTERS: Final = tuple(_routers())
