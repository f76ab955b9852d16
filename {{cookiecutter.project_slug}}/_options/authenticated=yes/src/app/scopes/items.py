"""Scopes of items."""

from __future__ import annotations

from typing import Final

from app.scopes import declare

ITEMS_READ: Final = declare("items:read")
ITEMS_WRITE: Final = declare("items:write")
