"""The tables. Importing this package registers all of them."""

from __future__ import annotations

from app.models.api_key import ApiKey
from app.models.base import Base
from app.models.item import Item
from app.models.session import RefreshToken, UserSession
from app.models.user import User

__all__ = ["ApiKey", "Base", "Item", "RefreshToken", "User", "UserSession"]
