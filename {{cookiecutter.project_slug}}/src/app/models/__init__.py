"""The tables. Importing this package registers all of them."""

from __future__ import annotations

from app.models.base import Base
from app.models.item import Item

__all__ = ["Base", "Item"]
