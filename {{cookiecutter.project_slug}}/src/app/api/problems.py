"""Failures as they go over the wire: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from app.core.errors import TITLES, AppError
from app.core.logging import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MEDIA_TYPE = "application/problem+json"

# A client may send any number of unknown fields; answers stay short.
_MOST_REASONS = 20

_DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method; see the Allow header.",
    413: "The request body is too large.",
    422: "The request does not have the expected form; see errors.",
}


def problem_of(error: AppError) -> dict[str, Any]:
    """Return the body for one of the service's own errors."""
    problem = _problem(error.status, error.code, error.detail)
    return {**problem, "errors": list(error.errors)} if error.errors else problem


def problem_for_status(status: int) -> dict[str, Any]:
    """Return the body for a failure that the framework found."""
    title = TITLES.get(status, "Error")
    return _problem(
        status, title.lower().replace(" ", "_"), _DETAILS.get(status, title)
    )


def problem_for_invalid(errors: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body for input that pydantic refused: where and why, never what."""
    reasons = [
        {"loc": _location(error["loc"]), "msg": error["msg"], "type": error["type"]}
        for error in islice(errors, _MOST_REASONS)
    ]
    return {**problem_for_status(422), "errors": reasons}


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": REQUEST_ID.get(""),
    }


def _location(location: Sequence[str | int]) -> list[str | int]:
    """Cut names that the caller chose: an unknown field may be a megabyte long."""
    return [part[:100] if isinstance(part, str) else part for part in location]
