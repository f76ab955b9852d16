"""The route class of this API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute

from app.core.errors import UnsupportedMediaTypeError
from app.core.headers import is_json

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Request, Response


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
            return await handle(request)

        return handle_json
