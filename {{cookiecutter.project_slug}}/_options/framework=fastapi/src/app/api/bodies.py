"""Rules of request bodies: at most so long, and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from app.api.errors import ProblemResponse
from app.api.problems import problem_of
from app.core.errors import ContentTooLargeError, UnsupportedMediaTypeError
from app.core.headers import is_json
from app.core.json import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Rejects a body that is too long: by Content-Length, else while reading it."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

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

        async def receive_up_to_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(ContentTooLargeError.status)
            return message

        await self._app(scope, receive_up_to_limit, send)


class JSONRequest(Request):
    """A request whose JSON body is UTF-8."""

    async def json(self) -> Any:  # noqa: ANN401 -- any JSON
        """Parse the body."""
        return parse_json(await self.body())


class JSONRoute(APIRoute):
    """A route whose body is JSON: any other media type is 415, not 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the media type before reading the body."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_json(request: Request) -> Response:
            headers = request.headers
            has_body = headers.get("content-length", "0") != "0"
            has_body |= "transfer-encoding" in headers
            if has_body and not is_json(headers.get("content-type")):
                raise UnsupportedMediaTypeError
            return await handle(JSONRequest(request.scope, request.receive))

        return handle_json
