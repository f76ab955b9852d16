"""Schemas of the caller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator

from app.schemas.base import ResponseBody


def _in_order(scopes: Iterable[str]) -> list[str]:
    return sorted(scopes)


class Me(ResponseBody):
    """The caller, and the scopes that the access token grants."""

    id: UUID
    issuer: str
    subject: str
    scopes: Annotated[list[str], BeforeValidator(_in_order)]
