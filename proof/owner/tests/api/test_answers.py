"""Headers and log lines of answers to all kinds of requests."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.logs import logged

ITEMS = "/api/v1/items"


@pytest.mark.parametrize(
    ("method", "path"),
    [("TRACE", "/health"), ("GET", ITEMS), ("POST", ITEMS), ("OPTIONS", ITEMS)],
)
async def test_every_answer_has_the_security_headers(
    client: Client, method: str, path: str
) -> None:
    response = await client.request(method, path)
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"
    assert headers["server"] == "app"
    assert headers["x-request-id"]
    assert "strict-transport-security" not in headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("value", ["a\tb", "a;b", "<script>"])
async def test_a_failure_names_the_request_id_in_the_header(
    client: Client, value: str
) -> None:
    response = await client.get("/nowhere", headers={"X-Request-ID": value})
    made = response.headers["x-request-id"]
    assert made != value
    assert response.json()["request_id"] == made


@pytest.mark.parametrize("path", ["/health/ready", ITEMS, "/nowhere"])
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


async def test_the_log_has_the_template_of_a_path(
    alice: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    capsys.readouterr()
    await alice.get(f"{made.headers['location']}?token=secret")
    (event,) = logged(capsys)
    assert event["route"] == "/api/v1/items/{item_id}"
    assert "secret" not in str(event)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/%ff", 404), ("TRACE", "/health", 405)]
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
