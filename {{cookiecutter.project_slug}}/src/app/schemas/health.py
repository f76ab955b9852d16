"""Schemas of the health checks."""

from __future__ import annotations

from typing import Literal

from app.schemas.base import ResponseBody


class Liveness(ResponseBody):
    """The process responds."""

    status: Literal["ok"] = "ok"


class Readiness(ResponseBody):
    """The service and its dependencies respond."""

    status: Literal["ok"] = "ok"
    checks: dict[str, Literal["ok"]]


class Health(Readiness):
    """Readiness, with the name and version of the service."""

    name: str
    version: str
