"""Error handlers: translate errors into responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.api.operations import InvalidRequestError
from app.api.problems import (
    MEDIA_TYPE,
    problem_for_invalid,
    problem_for_status,
    problem_of,
)
from app.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask


class ProblemResponse(Response):
    """An error response; its status is taken from the body."""

    default_mimetype = MEDIA_TYPE

    def __init__(
        self,
        content: dict[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(orjson.dumps(content), content["status"], headers)


def _app_error(error: AppError) -> ProblemResponse:
    return ProblemResponse(problem_of(error), error.headers)


def _invalid(error: InvalidRequestError) -> ProblemResponse:
    return ProblemResponse(problem_for_invalid(error.reasons))


def _http_error(error: HTTPException) -> ProblemResponse:
    return ProblemResponse(problem_for_status(error.code or 500))


def _method_not_allowed(error: MethodNotAllowed) -> ProblemResponse:
    """Name the methods of all routes with this path (RFC 9110 section 15.5.6)."""
    allowed = ", ".join(sorted(error.valid_methods or ()))
    return ProblemResponse(problem_for_status(error.code), {"Allow": allowed})


def register_error_handlers(app: Flask) -> None:
    """Return problem details for every error, including those of the framework."""
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(InvalidRequestError, _invalid)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(MethodNotAllowed, _method_not_allowed)
