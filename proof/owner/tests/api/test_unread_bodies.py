"""A response sent before the body was read closes the connection, and says so.

Else the rest of the body is taken for the next request (RFC 9112 section 9.3).
"""

from __future__ import annotations

import pytest

from tests.client import Client

ITEMS = "/api/v1/items"
JSON = {"Content-Type": "application/json"}
PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("PUT", ITEMS, JSON, 405),
        ("BREW", "/health/live", JSON, 405),
        ("TRACE", "/health", JSON, 405),
        ("OPTIONS", ITEMS, JSON, 405),
        ("OPTIONS", ITEMS, JSON | PREFLIGHT, 204),
        ("POST", "/docs", JSON, 405),
        ("POST", "/nowhere", JSON, 404),
        ("POST", "/%00", JSON, 404),
        ("POST", ITEMS, {"Content-Type": "text/plain"}, 415),
        ("POST", ITEMS, {}, 415),
        ("GET", "/health/live", JSON, 200),
        ("HEAD", "/health/live", JSON, 200),
        ("GET", "/docs", JSON, 200),
    ],
)
async def test_it_closes_if_the_body_was_not_read(
    alice: Client,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    body = b"x" * 500_000
    request = alice.build_request(method, path, content=body, headers=headers)
    response = await alice.send(request)
    assert response.status_code == status
    assert response.headers["connection"] == "close"
    del request.headers["content-length"]
    request.headers["transfer-encoding"] = "chunked"
    response = await alice.send(request)
    assert response.status_code == status
    assert response.headers["connection"] == "close"


async def test_it_closes_if_the_body_is_too_long(alice: Client) -> None:
    request = alice.build_request("POST", ITEMS, content=b"x" * 2**21, headers=JSON)
    response = await alice.send(request)
    assert (response.status_code, response.headers["connection"]) == (413, "close")


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"name": "x"}', 201), (b"{}", 422), (b"{", 400)]
)
async def test_it_stays_open_if_the_body_was_read_to_its_end(
    alice: Client, body: bytes, status: int
) -> None:
    response = await alice.post(ITEMS, content=body, headers=JSON)
    assert response.status_code == status
    assert "connection" not in response.headers


@pytest.mark.parametrize("method", ["PUT", "GET", "POST"])
async def test_it_stays_open_if_there_was_none(alice: Client, method: str) -> None:
    headers = {"Content-Length": "0"}
    response = await alice.request(method, ITEMS, headers=headers)
    assert "connection" not in response.headers
