"""Whom a row belongs to."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import mapped_column

# What belongs to a user goes with the user.
OwnerId = Annotated[UUID, mapped_column(ForeignKey("users.id", ondelete="CASCADE"))]
