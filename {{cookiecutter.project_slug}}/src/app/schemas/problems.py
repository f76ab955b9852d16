"""Failures, as RFC 9457 has them."""

from __future__ import annotations

from pydantic import BaseModel


class InvalidField(BaseModel):
    """One reason why a request was refused as invalid."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(BaseModel):
    """What went wrong (RFC 9457): never the rejected input or our inner workings."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[InvalidField] | None = None
