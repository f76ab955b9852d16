"""Schemas of API keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from app.schemas.base import RequestBody, ResponseBody, Text
from app.schemas.scopes import Scopes

MAX_OVERLAP_SECONDS = 30 * 24 * 60 * 60

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _written_out(value: object) -> object:
    """Reject other notations, such as a number of seconds."""
    if not isinstance(value, datetime) and not _RFC_3339.fullmatch(str(value)):
        raise ValueError("must be a date-time such as 2030-01-31T12:00:00Z")
    return value


def _ahead(value: datetime) -> datetime:
    """Reject times in the past, and times that UTC cannot represent."""
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be before the year 10000") from None
    if moment <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return moment


ExpiresAt = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_written_out),
    AfterValidator(_ahead),
]


class ApiKeyCreate(RequestBody):
    """A new key; without `expires_at`, it is valid until it is revoked."""

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    scopes: Annotated[Scopes, Field(min_length=1)]
    expires_at: ExpiresAt | None = None


class ApiKeyRotate(RequestBody):
    """A rotation; the old key stays valid for `overlap_seconds`."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = 0


class ApiKeyPublic(ResponseBody):
    """A key without its secret."""

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
    """A new key with its secret, returned only once."""

    key: str
