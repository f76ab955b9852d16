"""Middleware for every request, as plain ASGI for speed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from app.api.error_handlers import ProblemResponse
from app.api.problems import problem_of
from app.core.headers import (
    client_of,
    cors_headers,
    has_body,
    request_id_from,
    security_headers,
)
from app.core.logging import CLIENT, REQUEST_ID
from app.core.server import DRAINING
from app.errors import AppError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.core.headers import Client
    from app.core.settings import Settings

access_log = structlog.get_logger("app.access")
logger = structlog.get_logger(__name__)


class RequestMiddleware:
    """Adds request ids, security and CORS headers, access logs and error responses.

    Unhandled errors are answered here: if they reached the server, it would close the
    connection, and the client's next request would fail.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        root_path = scope["root_path"] = self._settings.root_path
        scope["path"] = root_path + scope["path"]  # as if the proxy had not stripped it
        headers = Headers(scope=scope)
        request_id = request_id_from(headers.get("x-request-id"))
        REQUEST_ID.set(request_id)
        client = self._client(scope, headers)
        CLIENT.set(client.address)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["client"] = client
        method = scope["method"]
        preflight = method == "OPTIONS" and "access-control-request-method" in headers
        asked = headers.get("access-control-request-headers", "") if preflight else None
        extra = {
            "X-Request-ID": request_id,
            **security_headers(https=client.https),
            **cors_headers(self._settings, headers.get("origin"), asked_headers=asked),
        }
        status = 500
        body = _Body(receive, headers)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                response_headers = MutableHeaders(scope=message)
                for name, value in (*extra.items(), *state.get("headers", {}).items()):
                    response_headers.setdefault(name, value)
                response_headers["Server"] = "app"
                if body.unread or DRAINING.is_set():
                    response_headers["Connection"] = "close"
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if method == "HEAD":
            scope = {**scope, "method": "GET"}
        try:
            if preflight:
                await Response(status_code=204)(scope, receive, send_with_headers)
            else:
                await self._app(scope, body.receive, send_with_headers)
        except Exception:
            logger.exception("unhandled_error")
            response = ProblemResponse(problem_of(AppError()))
            await response(scope, receive, send_with_headers)
        finally:
            access_log.info(
                "request",
                method=method,
                route=_route_path(scope),
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )

    def _client(self, scope: Scope, headers: Headers) -> Client:
        peer = scope.get("client") or ("", 0)
        return client_of(
            self._settings,
            peer=peer[0],
            scheme=scope["scheme"],
            forwarded_for=",".join(headers.getlist("x-forwarded-for")),
            forwarded_proto=headers.get("x-forwarded-proto"),
        )


class _Body:
    """The body of a request; `unread` until its end has been received."""

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self.unread = has_body(
            headers.get("content-length"), headers.get("transfer-encoding")
        )

    async def receive(self) -> Message:
        """Receive the next part."""
        message = await self._receive()
        self.unread = self.unread and message.get("more_body", False)
        return message


def _route_path(scope: Scope) -> str | None:
    """Return the path template of the route: few distinct values, no data."""
    route = scope.get("fastapi", {}).get("effective_route_context", scope.get("route"))
    path: str | None = getattr(route, "path", None)
    return path
