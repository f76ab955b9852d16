"""Accounts."""

from __future__ import annotations

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.core.email import email_key
from app.models.base import Entity


class User(Entity):
    """An account.

    Attributes:
        email: the address as typed.
        email_key: the form of the address that is compared, set with it.
        sign_in_networks: from which the password was right, the latest at the end.
    """

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email_key"),)

    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    name: Mapped[str | None] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    is_active: Mapped[bool] = mapped_column(default=True)
    sign_in_networks: Mapped[list[str] | None] = mapped_column(JSON)

    @validates("email")
    def _set_email_key(self, _: str, email: str) -> str:
        self.email_key = email_key(email)
        return email
