"""Rules of requests: bodies are JSON, short and in time; queries are declared."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from app.api.error_handlers import ProblemResponse
from app.api.problems import problem_of
from app.core.headers import has_body, is_json
from app.errors import (
    ContentTooLargeError,
    RequestTimeoutError,
    UnsupportedMediaTypeError,
)
from app.schemas.base import RequestQuery, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Response
    from fastapi.dependencies.models import Dependant
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.core.settings import Settings


class BodyLimitMiddleware:
    """Rejects a body that is too long (by its length, or while reading it), or late."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._max_bytes = settings.max_body_bytes
        self._max_seconds = settings.max_body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_bytes:
            response = ProblemResponse(problem_of(ContentTooLargeError()))
            await response(scope, receive, send)
            return
        received = 0
        deadline: float | None = asyncio.get_running_loop().time() + self._max_seconds

        async def receive_within_limits() -> Message:
            nonlocal received, deadline
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(RequestTimeoutError.status) from None
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(ContentTooLargeError.status)
            if not message.get("more_body", False):
                deadline = None  # what may come yet is the end of the connection
            return message

        await self._app(scope, receive_within_limits, send)


class JSONRequest(Request):
    """A request whose JSON body is UTF-8."""

    async def json(self) -> Any:  # noqa: ANN401 -- any JSON
        """Parse the body."""
        return parse_json(await self.body())


async def _refuse_query(_: Annotated[RequestQuery, Query()]) -> None:
    """Reject any query parameter, after authentication, like any invalid input."""


def _takes_query(dependant: Dependant) -> bool:
    if dependant.query_params:
        return True
    return any(map(_takes_query, dependant.dependencies))


class JSONRoute(APIRoute):
    """A route whose body is JSON: any other media type is 415, not 422.

    A route that declares no query parameters rejects all. Declare them as a
    `RequestQuery`, which rejects the others.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(path, endpoint, **options)
        if not _takes_query(self.dependant):
            refusal = Depends(_refuse_query)
            options["dependencies"] = [*(options.get("dependencies") or ()), refusal]
            super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the media type before reading the body."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_json(request: Request) -> Response:
            headers = request.headers
            sent = has_body(
                headers.get("content-length"), headers.get("transfer-encoding")
            )
            if sent and not is_json(headers.get("content-type")):
                raise UnsupportedMediaTypeError
            return await handle(JSONRequest(request.scope, request.receive))

        return handle_json
