"""Items: the example entity."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Entity
from app.models.owner import OwnerId


class Item(Entity):
    """An item, owned by a principal."""

    __tablename__ = "items"
    # For lists of an owner's items, newest first; ids grow with time.
    __table_args__ = (Index(None, "owner_id", "id"),)

    owner_id: Mapped[OwnerId]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(2000))
