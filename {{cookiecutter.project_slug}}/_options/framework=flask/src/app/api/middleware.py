"""Middleware for every request, as plain WSGI for speed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from flask import request

from app.api.error_handlers import ProblemResponse
from app.api.openapi import documented_path
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
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

    from app.core.headers import Client
    from app.core.settings import Settings

access_log = structlog.get_logger("app.access")
logger = structlog.get_logger(__name__)


class RequestMiddleware:
    """Adds request ids, security and CORS headers, access logs and error responses.

    Unhandled errors are answered here: if they reached the server, it would close the
    connection, and the client's next request would fail.
    """

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Handle one request."""
        started = time.perf_counter()
        environ["SCRIPT_NAME"] = self._settings.root_path
        get = environ.get
        request_id = request_id_from(get("HTTP_X_REQUEST_ID"))
        client = self._client(environ)
        request_token = REQUEST_ID.set(request_id)
        client_token = CLIENT.set(client.address)
        method = environ["REQUEST_METHOD"]
        asks = "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        preflight = method == "OPTIONS" and asks
        asked = get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "") if preflight else None
        extra = {
            "Server": "app",
            "X-Request-ID": request_id,
            **security_headers(https=client.https),
            **cors_headers(self._settings, get("HTTP_ORIGIN"), asked_headers=asked),
        }
        if has_body(get("CONTENT_LENGTH"), get("HTTP_TRANSFER_ENCODING")):
            extra["Connection"] = "close"  # unless `read_body` reads it
        environ["app.client"] = client
        environ["app.headers"] = extra
        status = 500

        def start_with_headers(
            line: str,
            answer: list[tuple[str, str]],
            exc_info: OptExcInfo | None = None,
        ) -> Callable[[bytes], object]:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            if DRAINING.is_set():
                extra["Connection"] = "close"
            given = {name.lower() for name, _ in answer}
            added = [each for each in extra.items() if each[0].lower() not in given]
            return start_response(line, answer + added, exc_info)

        try:
            if preflight:
                start_with_headers("204 No Content", [])
                return []
            return self._app(environ, start_with_headers)
        except Exception:
            logger.exception("unhandled_error")
            return ProblemResponse(problem_of(AppError()))(environ, start_with_headers)
        finally:
            access_log.info(
                "request",
                method=method,
                route=environ.get("app.route"),
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
            )
            REQUEST_ID.reset(request_token)  # the thread is reused
            CLIENT.reset(client_token)

    def _client(self, environ: WSGIEnvironment) -> Client:
        return client_of(
            self._settings,
            peer=environ.get("REMOTE_ADDR", ""),
            scheme=environ["wsgi.url_scheme"],
            forwarded_for=environ.get("HTTP_X_FORWARDED_FOR"),
            forwarded_proto=environ.get("HTTP_X_FORWARDED_PROTO"),
        )


def note_route() -> None:
    """Store the path template of the route for the access log."""
    if request.url_rule is not None:
        request.environ["app.route"] = documented_path(request.url_rule.rule)
