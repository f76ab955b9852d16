"""Schemas of items."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import RequestBody, ResponseBody, Text

Name = Annotated[Text, Field(min_length=1, max_length=200)]
Description = Annotated[Text, Field(max_length=2000)]


class ItemCreate(RequestBody):
    """A new item."""

    name: Name
    description: Description | None = None


class ItemUpdate(RequestBody):
    """Changes to an item; fields that are not sent keep their values.

    A name can be changed but not removed, so its default is never used.
    """

    name: Name = Field(default_factory=str)
    description: Description | None = None


class ItemPublic(ResponseBody):
    """An item as its owner sees it."""

    id: UUID
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime
