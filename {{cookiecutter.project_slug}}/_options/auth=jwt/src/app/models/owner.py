"""The owner of a row."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import mapped_column

# Deleting a user deletes everything that belongs to the user.
OwnerId = Annotated[UUID, mapped_column(ForeignKey("users.id", ondelete="CASCADE"))]
