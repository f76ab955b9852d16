"""What every answer carries and every request logs, successes and failures alike."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.logs import logged


@pytest.mark.parametrize("path", ["/health/live", "/nowhere"])
async def test_every_answer_has_the_security_headers(client: Client, path: str) -> None:
    response = await client.get(path)
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["server"] == "app"
    assert "strict-transport-security" not in headers
    assert "access-control-allow-origin" not in headers


async def test_a_sane_request_id_comes_back(client: Client) -> None:
    response = await client.get("/nowhere", headers={"X-Request-ID": "a.B-c_9"})
    assert response.headers["x-request-id"] == "a.B-c_9"
    assert response.json()["request_id"] == "a.B-c_9"


@pytest.mark.parametrize("value", ["", "a b", "x" * 129])
async def test_any_other_request_id_is_replaced(client: Client, value: str) -> None:
    made = set()
    for _ in range(2):
        response = await client.get("/health/live", headers={"X-Request-ID": value})
        made.add(response.headers["x-request-id"])
    assert len(made - {value}) == 2


async def test_head_is_get_without_a_body(client: Client) -> None:
    got = await client.get("/health/live")
    response = await client.head("/health/live")
    assert response.status_code == got.status_code
    assert response.content == b""
    assert response.headers["content-length"] == got.headers["content-length"]
    assert response.headers["content-type"] == got.headers["content-type"]


async def test_each_request_is_one_line_in_the_log(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    headers = {"User-Agent": "\x1b[31m", "X-Request-ID": "a"}
    await client.get("/health/live?token=secret", headers=headers)
    (event,) = logged(capsys)
    assert event.pop("duration_ms") >= 0
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/health/live",
        "status": 422,
        "client": "127.0.0.1",
        "request_id": "a",
    }


async def test_a_failure_is_one_line_without_the_path(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    await client.get("/nowhere%0a%1b")
    (event,) = logged(capsys)
    assert (event["method"], event["status"]) == ("GET", 404)
    assert "nowhere" not in str(event)
