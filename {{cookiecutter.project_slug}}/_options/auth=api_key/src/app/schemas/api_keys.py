"""API keys in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from app.schemas.base import RequestBody, ResponseBody, Text
from app.schemas.scopes import Scopes

MAX_OVERLAP_SECONDS = 30 * 24 * 60 * 60


def _ahead(value: datetime) -> datetime:
    """Refuse what is past, and what UTC has no date for."""
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        message = "must be before the year 10000"
        raise ValueError(message) from None
    if moment <= datetime.now(UTC):
        message = "must be in the future"
        raise ValueError(message)
    return moment


class ApiKeyCreate(RequestBody):
    """A new key; without an end, it is good until it is revoked."""

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    scopes: Annotated[Scopes, Field(min_length=1)]
    expires_at: Annotated[AwareDatetime, AfterValidator(_ahead)] | None = None


class ApiKeyRotate(RequestBody):
    """How long the old key is good beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = 0


class ApiKeyPublic(ResponseBody):
    """A key as it may be shown: enough to recognise it, nothing to use it."""

    id: UUID
    name: str
    prefix: str
    last4: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class ApiKeyCreated(ApiKeyPublic):
    """A new key, in full: this once."""

    key: str
