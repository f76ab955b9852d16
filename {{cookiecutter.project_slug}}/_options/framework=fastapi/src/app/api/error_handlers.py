"""Error handlers: translate errors into responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.status import HTTP_405_METHOD_NOT_ALLOWED

from app.api.problems import (
    MEDIA_TYPE,
    problem_for_invalid,
    problem_for_status,
    problem_of,
)
from app.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request


class ProblemResponse(JSONResponse):
    """An error response; its status is taken from the body."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        content: dict[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(content, status_code=content["status"], headers=headers)


async def _app_error(_: Request, error: AppError) -> ProblemResponse:
    return ProblemResponse(problem_of(error), error.headers)


async def _invalid(_: Request, error: RequestValidationError) -> ProblemResponse:
    errors = error.errors()
    if any(detail["type"] == "json_invalid" for detail in errors):
        return ProblemResponse(problem_for_status(400))
    return ProblemResponse(problem_for_invalid(errors))


async def _http_error(request: Request, error: HTTPException) -> ProblemResponse:
    headers = dict(error.headers or {})
    if error.status_code == HTTP_405_METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return ProblemResponse(problem_for_status(error.status_code), headers)


def _allowed_methods(request: Request) -> list[str]:
    """Return the methods of all routes with this path (RFC 9110 section 15.5.6)."""
    methods = {
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def register_error_handlers(app: FastAPI) -> None:
    """Return problem details for every error, including those of the framework."""
    app.add_exception_handler(AppError, _app_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http_error)  # type: ignore[arg-type]
