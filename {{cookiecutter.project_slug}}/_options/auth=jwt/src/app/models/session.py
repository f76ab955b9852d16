"""Login sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Entity


class UserSession(Entity):
    """A login and all its tokens. Deleting the row ends the session."""

    __tablename__ = "user_sessions"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"),
        index=True,
    )
    idle_until: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]


class RefreshToken(Base):
    """A refresh token, used or not: reuse of a used one means that it was stolen."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("user_sessions.id", ondelete="CASCADE"),
        index=True,
    )
    used_at: Mapped[datetime | None]
