"""What the gateway hands to Flask, and what it sends of Flask's answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]

from app.api.gateway import Gateway
from app.errors import RequestTimeoutError
from tests.settings import make_settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

TEXT = ("Content-Type", "text/plain")
LIMIT = 1024


class Headers(list[tuple[str, str]]):
    """The headers of a request."""

    def get(self, name: str) -> str | None:
        return dict(self).get(name)

    def items(self) -> list[tuple[str, str]]:
        return self


@dataclass
class Scope:
    """A request, without its body."""

    headers: Headers
    method: str = "POST"
    path: str = "/café"
    query_string: str = "q=é"
    http_version: str = "1.1"
    scheme: str = "http"
    server: str = "127.0.0.1:8000"
    client: str = "[2001:db8::1]:7411"


@dataclass
class Protocol:
    """A body as its parts arrive, and the response.

    None for a part that never does; an exception for a connection that ends.
    """

    parts: list[bytes | Exception | None]
    status: int = 0
    sent: list[bytes] = field(default_factory=list)
    most: int = 10

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.parts:
            part = self.parts.pop(0)
            if part is None:
                await asyncio.sleep(3600)
            elif isinstance(part, Exception):
                raise part
            else:
                yield part

    async def __call__(self) -> bytes:
        return b"".join([part async for part in self])

    def response_bytes(
        self, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        del headers
        self.status = status
        self.sent.append(body)

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Protocol:
        del headers
        self.status = status
        return self

    async def send_bytes(self, part: bytes) -> None:
        if len(self.sent) == self.most:
            raise ProtocolClosed
        self.sent.append(part)


def asked(
    *parts: bytes | Exception | None, **headers: str
) -> tuple[WSGIEnvironment, bytes, list[bytes | Exception | None]]:
    """Return what Flask is asked, the body, and the parts that nobody wanted."""
    environs: list[WSGIEnvironment] = []

    def app(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        environs.append(environ)
        start("204 No Content", [])
        return []

    protocol = Protocol(list(parts))
    sent = Headers((name.replace("__", "-"), text) for name, text in headers.items())
    run(app, Scope(sent), protocol)
    (environ,) = environs
    assert protocol.status == 204
    return environ, environ["wsgi.input"].read(), protocol.parts


def run(app: Any, scope: Scope, protocol: Protocol) -> None:  # noqa: ANN401
    settings = make_settings(None, max_body_bytes=LIMIT, max_body_seconds=1)
    asyncio.run(Gateway(app, settings)(scope, protocol))  # type: ignore[arg-type]


def test_the_request_is_as_the_standard_has_it() -> None:
    environ, body, _ = asked(content__type="text/plain", x__a="1")
    assert body == b""
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/café"
    assert environ["QUERY_STRING"].encode("latin-1").decode() == "q=é"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "8000")
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["REMOTE_ADDR"] == "2001:db8::1"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert "HTTP_CONTENT_TYPE" not in environ
    assert environ["HTTP_X_A"] == "1"


def test_repeated_headers_are_joined() -> None:
    seen: list[str] = []

    def app(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        seen.append(environ["HTTP_X_A"])
        start("204 No Content", [])
        return []

    run(app, Scope(Headers([("x-a", "1"), ("x-a", "2")])), Protocol([]))
    assert seen == ["1,2"]


def test_a_header_with_underscores_does_not_pass_for_another() -> None:
    environ, _, _ = asked(x_forwarded_for="203.0.113.7")
    assert "HTTP_X_FORWARDED_FOR" not in environ


@pytest.mark.parametrize(
    "headers", [{"content__length": "4"}, {"transfer__encoding": "chunked"}]
)
def test_the_body_is_read_before_a_thread_is_taken(headers: dict[str, str]) -> None:
    environ, body, left = asked(b"ab", b"cd", **headers)
    assert body == b"abcd"
    assert left == []
    assert "app.body_error" not in environ


@pytest.mark.parametrize(
    "headers", [{"content__length": "4"}, {"transfer__encoding": "chunked"}]
)
def test_a_late_body_is_an_error(headers: dict[str, str]) -> None:
    environ, body, _ = asked(b"ab", None, **headers)
    assert isinstance(environ["app.body_error"], RequestTimeoutError)
    assert body == b""


def test_of_a_body_without_a_length_no_more_is_read_than_is_too_much() -> None:
    part = b"x" * LIMIT
    _, body, left = asked(part, b"x", part, transfer__encoding="chunked")
    assert body == part + b"x"
    assert left == [part]


def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    _, body, left = asked(b"x", content__length=str(LIMIT + 1))
    assert (body, left) == (b"", [b"x"])


def test_a_body_whose_client_is_gone_is_truncated() -> None:
    environ, body, _ = asked(b"ab", ProtocolClosed(), content__length="4")
    assert body == b""
    assert environ["CONTENT_LENGTH"] == "4"


class Parts:
    """Parts of a response that are made one by one."""

    def __init__(self) -> None:
        self.number = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        while self.number < 3:
            self.number += 1
            yield b"%d" % self.number

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("headers", "most", "sent"),
    [
        ([TEXT, ("Content-Length", "4")], 10, [b"0123"]),
        ([TEXT], 10, [b"0", b"1", b"2", b"3"]),
        ([TEXT], 2, [b"0", b"1"]),
    ],
    ids=["at once", "as a stream", "while the client is there"],
)
def test_a_response_is_sent_and_closed(
    headers: list[tuple[str, str]], most: int, sent: list[bytes]
) -> None:
    parts = Parts()

    def app(_: WSGIEnvironment, start: StartResponse) -> Parts:
        start("200 OK", headers)(b"0")
        return parts

    protocol = Protocol([], most=most)
    run(app, Scope(Headers()), protocol)
    assert (protocol.status, protocol.sent) == (200, sent)
    assert parts.closed
