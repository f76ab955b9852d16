"""What can go wrong, said once.

An error knows its HTTP status and its machine-readable code. Any layer raises it;
one place (`app.api.errors`) turns it into a response.
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
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class ConfigurationError(Exception):
    """The service was told something that it cannot start with."""


class AppError(Exception):
    """A refusal that the caller is told about.

    Attributes:
        status: the HTTP status of the response.
        code: a stable name for programs; `detail` is for people and may change.
        headers: what the response must carry besides (`Retry-After`, ...).
        errors: which fields are invalid, as pydantic says it.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_server_error"
    default_detail: ClassVar[str] = "Something went wrong on our side."
    errors: Sequence[Mapping[str, Any]] = ()

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
    """The request cannot be read at all."""

    status = 400
    code = "bad_request"
    default_detail = "The request could not be read."


class NotFoundError(AppError):
    """There is no such thing, or none that the caller may know of."""

    status = 404
    code = "not_found"
    default_detail = "There is no such resource."


class ContentTooLargeError(AppError):
    """The body is longer than the service reads (RFC 9110 section 15.5.14)."""

    status = 413
    code = "content_too_large"
    default_detail = "The request body is too large."


class UnsupportedMediaTypeError(AppError):
    """The body is not JSON (RFC 9110 section 15.5.16)."""

    status = 415
    code = "unsupported_media_type"
    default_detail = "Send the body as application/json."


class TooManyRequestsError(AppError):
    """The caller has used up a rate limit (RFC 6585 section 4)."""

    status = 429
    code = "too_many_requests"
    default_detail = "Too many requests; try again later."

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(max(1, retry_after))})


class UnavailableError(AppError):
    """Something that the service needs is away; the same request may work soon."""

    status = 503
    code = "service_unavailable"
    default_detail = "The service is not available right now; try again shortly."

    def __init__(self, detail: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
