"""Problem details: errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from app.core.errors import TITLES, AppError
from app.core.logging import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MEDIA_TYPE = "application/problem+json"

# A client may send any number of unknown fields; responses stay short.
_MOST_REASONS = 20

_DETAILS = {
    400: "The request is malformed.",
    404: "There is no resource at this URL.",
    405: "This method is not allowed here; see the Allow header.",
    413: "The request body is too large.",
    422: "The request is invalid; see errors.",
}


def problem_of(error: AppError) -> dict[str, Any]:
    """Return the body for an error of the service."""
    problem = _problem(error.status, error.code, error.detail)
    return {**problem, "errors": list(error.errors)} if error.errors else problem


def problem_for_status(status: int) -> dict[str, Any]:
    """Return the body for an error of the framework."""
    title = TITLES.get(status, "Error")
    return _problem(
        status, title.lower().replace(" ", "_"), _DETAILS.get(status, title)
    )


def problem_for_invalid(errors: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body for invalid input: location and reason, never the value."""
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
    """Truncate names that the caller chose: a field name may be a megabyte long."""
    return [part[:100] if isinstance(part, str) else part for part in location]
