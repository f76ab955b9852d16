"""Signed-in sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Entity


class UserSession(Entity):
    """One sign-in, and all tokens that came of it. Its end is its deletion."""

    __tablename__ = "user_sessions"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"),
        index=True,
    )
    idle_until: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]


class RefreshToken(Base):
    """A refresh token, used or not: a used one that comes again has been stolen."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("user_sessions.id", ondelete="CASCADE"),
        index=True,
    )
    used_at: Mapped[datetime | None]
