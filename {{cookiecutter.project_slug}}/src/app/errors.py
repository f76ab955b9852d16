"""Domain errors.

Each has an HTTP status and a machine-readable code. Any layer can raise them;
`app.api.error_handlers` turns them into responses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The reason phrases of RFC 9110; `http.HTTPStatus` changed some of them in Python 3.13.
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class ConfigurationError(Exception):
    """The service cannot start with its configuration."""


class AppError(Exception):
    """An error that is reported to the caller.

    Attributes:
        status: HTTP status of the response.
        code: a stable name for programs; `detail` is for people and may change.
        headers: additional response headers (`Retry-After`, ...).
        errors: invalid fields, in the format of pydantic.
        constraints: names of the database constraints whose violation is this error;
            `*` stands for anything.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_server_error"
    default_detail: ClassVar[str] = "An unexpected error occurred."
    errors: Sequence[Mapping[str, Any]] = ()
    constraints: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.default_detail
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class BadRequestError(AppError):
    """The request is malformed."""

    status = 400
    code = "bad_request"
    default_detail = "The request is malformed."


class NotFoundError(AppError):
    """The resource does not exist, or the caller may not see it."""

    status = 404
    code = "not_found"
    default_detail = "Resource not found."


class RequestTimeoutError(AppError):
    """The body takes too long to arrive (RFC 9110 section 15.5.9)."""

    status = 408
    code = "request_timeout"
    default_detail = "The request body did not arrive in time."


class ConflictError(AppError):
    """The change contradicts other rows: a duplicate, or a reference to nothing."""

    status = 409
    code = "conflict"
    default_detail = "The change conflicts with other data."


class ContentTooLargeError(AppError):
    """The body exceeds the size limit (RFC 9110 section 15.5.14)."""

    status = 413
    code = "content_too_large"
    default_detail = "The request body is too large."


class UnsupportedMediaTypeError(AppError):
    """The body is not JSON (RFC 9110 section 15.5.16)."""

    status = 415
    code = "unsupported_media_type"
    default_detail = "Send the body as application/json."


class InvalidDataError(AppError):
    """A value breaks a rule of the database: a check, or a value that is missing."""

    status = 422
    code = "invalid_data"
    default_detail = "The request is invalid."
    constraints = ("ck_*", "nn_*")


class TooManyRequestsError(AppError):
    """The caller has exceeded a rate limit (RFC 6585 section 4)."""

    status = 429
    code = "too_many_requests"
    default_detail = "Too many requests; try again later."

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(max(1, retry_after))})


class UnavailableError(AppError):
    """A dependency is unavailable; the same request may succeed soon."""

    status = 503
    code = "service_unavailable"
    default_detail = "The service is temporarily unavailable; try again shortly."

    def __init__(self, detail: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


# What callers read when the framework itself refuses a request.
DETAILS = {
    400: BadRequestError.default_detail,
    404: NotFoundError.default_detail,
    405: "This method is not allowed here; see the Allow header.",
    408: RequestTimeoutError.default_detail,
    413: ContentTooLargeError.default_detail,
    422: "The request is invalid; see errors.",
}
