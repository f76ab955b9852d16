"""The owner of a row."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlalchemy.orm import mapped_column

OwnerId = Annotated[UUID, mapped_column()]
