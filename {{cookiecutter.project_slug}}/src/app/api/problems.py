"""Problem details (RFC 9457): errors as `application/problem+json`, and in OpenAPI."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from app.core.logging import REQUEST_ID
from app.errors import DETAILS, TITLES, AppError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MEDIA_TYPE = "application/problem+json"

# A client may send any number of unknown fields; responses stay short.
_MOST_REASONS = 20

_REF = "#/components/schemas/{model}"


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


def problem_of(error: AppError) -> dict[str, Any]:
    """Return the body for an error of the service."""
    problem = _problem(error.status, error.code, error.detail)
    return {**problem, "errors": list(error.errors)} if error.errors else problem


def problem_for_status(status: int) -> dict[str, Any]:
    """Return the body for an error of the framework."""
    title = TITLES.get(status, "Error")
    return _problem(status, title.lower().replace(" ", "_"), DETAILS.get(status, title))


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


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Add the problem responses of each operation to the OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = Problem.model_json_schema(ref_template=_REF)
    schemas.update(problem.pop("$defs"), Problem=problem)
    for path in document["paths"].values():
        for operation in path.values():
            for status in _statuses(operation):
                operation["responses"][str(status)] = _response(status)
    return document


def _statuses(operation: dict[str, Any]) -> set[int]:
    declared = {int(status) for status in operation["responses"]}
    # 422: any operation rejects unknown query parameters.
    statuses = {422, 429, 500, 503}
    statuses |= {status for status in declared if status in TITLES}
    if any(each["in"] == "path" for each in operation.get("parameters", ())):
        statuses |= {404}
    if "requestBody" in operation:
        statuses |= {400, 408, 413, 415}
    if operation.get("security"):
        statuses |= {400, 401, 403}
    return statuses


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
