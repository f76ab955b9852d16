"""The way from the server to Flask: an event loop reads bodies, threads run views.

A client that sends its body slowly holds no thread. That needs an interface of the
server that can wait, which WSGI cannot: Granian's RSGI.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]

from app.core.headers import has_body
from app.core.server import THREADS
from app.errors import RequestTimeoutError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from granian.rsgi import (  # type: ignore[attr-defined]
        Headers,
        HTTPProtocol,
        Scope,
    )

    from app.core.settings import Settings

_ENVIRON: WSGIEnvironment = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,  # a body without a length ends, too
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


class Gateway:
    """Reads the bodies of requests and calls the WSGI application (PEP 3333)."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._max_bytes = settings.max_body_bytes
        self._max_seconds = settings.max_body_seconds
        self._threads = ThreadPoolExecutor(THREADS)
        # Those that wait for a locked table may hold all of the others.
        self._liveness = ThreadPoolExecutor(1)

    async def __call__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Handle one request.

        The application itself refuses a body that is late, too long or truncated, since
        it makes and logs all responses.
        """
        headers = scope.headers
        environ = _environ(scope, headers)
        length = headers.get("content-length")
        if has_body(length, headers.get("transfer-encoding")):
            try:
                async with asyncio.timeout(self._max_seconds):
                    body = await self._read(protocol, length)
                environ["wsgi.input"] = BytesIO(body)
            except TimeoutError:
                environ["app.body_error"] = RequestTimeoutError()
            except ProtocolClosed:
                pass  # truncated
        loop = asyncio.get_running_loop()
        live = scope.path.endswith("/health/live")
        threads = self._liveness if live else self._threads
        await loop.run_in_executor(threads, self._call, environ, protocol, loop)

    async def _read(self, protocol: HTTPProtocol, length: str | None) -> bytes:
        """Return the body; of one that is too long, nothing or just enough to tell."""
        if length is not None:
            return await protocol() if int(length) <= self._max_bytes else b""
        body = bytearray()
        async for part in protocol:
            body += part
            if len(body) > self._max_bytes:
                break
        return bytes(body)

    def _call(
        self, environ: WSGIEnvironment, protocol: HTTPProtocol, loop: AbstractEventLoop
    ) -> None:
        """Call the application, and send its response."""
        status = 0
        headers: list[tuple[str, str]] = []
        written: list[bytes] = []

        def start_response(
            line: str, answer: list[tuple[str, str]], *_: object
        ) -> Callable[[bytes], object]:
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), answer
            return written.append

        parts = self._app(environ, start_response)
        try:
            if any(name == "Content-Length" for name, _ in headers):
                body = b"".join(chain(written, parts))
                protocol.response_bytes(status, headers, body)
            else:
                transport = protocol.response_stream(status, headers)

                async def send(part: bytes) -> None:
                    await transport.send_bytes(part)

                with suppress(ProtocolClosed):
                    for part in chain(written, parts):
                        asyncio.run_coroutine_threadsafe(send(part), loop).result()
        finally:
            if hasattr(parts, "close"):
                parts.close()


def _environ(scope: Scope, headers: Headers) -> WSGIEnvironment:
    server, _, port = scope.server.rpartition(":")
    environ = _ENVIRON | {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _latin1(scope.path),
        "QUERY_STRING": _latin1(scope.query_string),
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(),
    }
    for name, value in headers.items():
        if "_" in name:
            continue  # X_Forwarded_For would pass for X-Forwarded-For
        key = f"HTTP_{name.replace('-', '_').upper()}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    for key in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        if f"HTTP_{key}" in environ:
            environ[key] = environ.pop(f"HTTP_{key}")
    return environ


def _latin1(text: str) -> str:
    """Return the text as PEP 3333 has it: each of its bytes as a character."""
    return text.encode().decode("latin-1")
