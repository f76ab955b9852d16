"""Schemas of problem details (RFC 9457)."""

from __future__ import annotations

from pydantic import BaseModel


class InvalidField(BaseModel):
    """One reason why the request is invalid."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(BaseModel):
    """Problem details (RFC 9457), without the rejected input and internals."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[InvalidField] | None = None
