"""API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Entity
from app.models.owner import OwnerId

KEY_PREFIX: Final = "app_"


class ApiKey(Entity):
    """An API key, without its secret.

    Attributes:
        owner_id: the principal that it authenticates; replacements keep it.
        key_id: the part of the key that identifies it.
        last4: the last four characters, for recognition.
        rotated_at: when it was replaced; a key can be rotated once.
    """

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("key_id"), Index(None, "owner_id", "id"))

    owner_id: Mapped[OwnerId]
    key_id: Mapped[str] = mapped_column(String(8))
    secret_hash: Mapped[str] = mapped_column(String(64))
    last4: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    expires_at: Mapped[datetime | None]
    rotated_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    @property
    def prefix(self) -> str:
        """The part of the key that may be shown."""
        return f"{KEY_PREFIX}{self.key_id}"
