"""Items of both minimal applications, in the table of the service."""

import os
import uuid
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

OWNER = uuid.UUID(os.environ["OWNER"])


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}


class Item(Base):
    __tablename__ = "items"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID]
    name: Mapped[str]
    description: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class ItemCreate(BaseModel):
    name: str
    description: str | None = None


class ItemPublic(ItemCreate):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    items: list[ItemPublic]
    total: int
