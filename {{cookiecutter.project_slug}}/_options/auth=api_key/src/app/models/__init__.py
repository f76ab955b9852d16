"""The tables. Importing this package registers all of them."""

from __future__ import annotations

from app.models.api_key import ApiKey
from app.models.base import Base
from app.models.item import Item

__all__ = ["ApiKey", "Base", "Item"]
