"""Whether the service works."""

from __future__ import annotations

from typing import Literal

from app.schemas.base import ResponseBody


class Liveness(ResponseBody):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(ResponseBody):
    """What the service depends on answers, too."""

    status: Literal["ok"] = "ok"
    checks: dict[str, Literal["ok"]]


class Health(Readiness):
    """Readiness, with the name and version of what runs."""

    name: str
    version: str
