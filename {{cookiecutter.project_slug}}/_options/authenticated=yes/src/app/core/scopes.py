"""What callers may be allowed to do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """A permission; `admin` includes the others."""

    ITEMS_READ = "items:read"
    ITEMS_WRITE = "items:write"
    ADMIN = "admin"
