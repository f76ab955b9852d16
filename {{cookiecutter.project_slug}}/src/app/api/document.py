"""Adds to the OpenAPI document the errors that every operation can return."""

from __future__ import annotations

from typing import Any

from app.api.problems import MEDIA_TYPE
from app.core.errors import TITLES
from app.schemas.problems import Problem

_REF = "#/components/schemas/{model}"


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Add the problem responses that each operation can return."""
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
    statuses = {429, 500, 503} | {status for status in declared if status in TITLES}
    locations = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "path" in locations:
        statuses |= {404, 422}
    if "query" in locations:
        statuses |= {422}
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if operation.get("security"):
        statuses |= {400, 401, 403}
    return statuses


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
