"""What every answer carries, successes and failures alike."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.logs import logged

ITEMS = "/api/v1/items"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health/live"),
        ("GET", "/nowhere"),
        ("TRACE", "/health"),
        ("GET", ITEMS),
        ("POST", ITEMS),
        ("OPTIONS", ITEMS),
    ],
)
async def test_every_answer_has_the_security_headers(
    client: Client, method: str, path: str
) -> None:
    response = await client.request(method, path)
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["server"] == "app"
    assert headers["x-request-id"]
    assert "strict-transport-security" not in headers
    assert "access-control-allow-origin" not in headers


async def test_a_sane_request_id_comes_back(client: Client) -> None:
    headers = {"X-Request-ID": "a.B-c_9"}
    response = await client.get("/nowhere", headers=headers)
    assert response.headers["x-request-id"] == "a.B-c_9"
    assert response.json()["request_id"] == "a.B-c_9"


@pytest.mark.parametrize("value", ["", "a b", "x" * 129, "a\tb", "a;b", "<script>"])
async def test_any_other_request_id_is_replaced(client: Client, value: str) -> None:
    response = await client.get("/nowhere", headers={"X-Request-ID": value})
    made = response.headers["x-request-id"]
    assert made != value
    assert response.json()["request_id"] == made


async def test_each_request_has_an_id_of_its_own(client: Client) -> None:
    first = await client.get("/health/live")
    second = await client.get("/health/live")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", ITEMS, "/nowhere"])
async def test_head_is_get_without_a_body(alice: Client, path: str) -> None:
    got = await alice.get(path)
    response = await alice.head(path)
    assert response.status_code == got.status_code
    assert response.content == b""
    assert response.headers["content-length"] == got.headers["content-length"]
    assert response.headers["content-type"] == got.headers["content-type"]


async def test_the_answer_is_json_whatever_the_client_accepts(alice: Client) -> None:
    response = await alice.get(ITEMS, headers={"Accept": "application/xml"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"


async def test_the_host_header_is_never_believed(alice: Client) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    created = await alice.post(ITEMS, json={"name": "chair"}, headers=headers)
    assert created.headers["location"].startswith("/api/v1/items/")
    answers = [
        created,
        await alice.get("/health", headers=headers),
        await alice.get("/health/", headers=headers),
        await alice.get("/docs", headers=headers),
        await alice.get("/openapi.json", headers=headers),
    ]
    for response in answers:
        assert "evil.example" not in f"{response.headers}{response.text}"


async def test_a_line_break_in_the_path_makes_no_header(client: Client) -> None:
    response = await client.get("/nowhere%0d%0aX-Evil:%201")
    assert response.status_code == 404
    assert "x-evil" not in response.headers


async def test_each_request_is_one_line_in_the_log(
    alice: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    capsys.readouterr()
    address = f"{made.headers['location']}?token=secret"
    headers = {"User-Agent": "\x1b[31m", "X-Request-ID": "a"}
    await alice.get(address, headers=headers)
    (event,) = logged(capsys)
    assert event.pop("duration_ms") >= 0
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/api/v1/items/{item_id}",
        "status": 200,
        "client": "127.0.0.1",
        "request_id": "a",
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere%0a%1b", 404), ("GET", "/%ff", 404), ("TRACE", "/health", 405)],
)
async def test_a_failure_is_one_line_in_the_log(
    client: Client,
    capsys: pytest.CaptureFixture[str],
    method: str,
    path: str,
    status: int,
) -> None:
    capsys.readouterr()
    await client.request(method, path)
    (event,) = logged(capsys)
    assert (event["method"], event["status"]) == (method, status)
    assert "nowhere" not in str(event)
