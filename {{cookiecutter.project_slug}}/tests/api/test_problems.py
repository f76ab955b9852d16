"""Every failure is a problem (RFC 9457), and says nothing of what is inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.core.errors import TITLES
from app.repositories.items import SqlItemRepository
from tests.client import Client
from tests.logs import logged

if TYPE_CHECKING:
    from httpx2 import Response

ITEMS = "/api/v1/items"
JSON = {"Content-Type": "application/json"}
LIMIT = 1024 * 1024


def assert_is_problem(response: Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    required = {"type", "title", "status", "detail", "code", "request_id"}
    assert set(problem) == required | ({"errors"} if status == 422 else set())
    assert problem["status"] == status
    assert problem["title"] == TITLES[status]
    assert problem["request_id"] == response.headers["x-request-id"]
    assert len(response.content) <= 16_384


@pytest.mark.parametrize(
    "path",
    ["/", "/nowhere", "/api/v1/nowhere", "/health/", f"{ITEMS}/", "//", "/%00", "/%ff"],
)
async def test_an_unknown_path_is_404(client: Client, path: str) -> None:
    response = await client.get(f"http://testserver{path}")
    assert_is_problem(response, 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", ITEMS, "GET, HEAD, POST"),
        ("DELETE", ITEMS, "GET, HEAD, POST"),
        ("POST", f"{ITEMS}/1", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/health", "GET, HEAD"),
        ("TRACE", "/health", "GET, HEAD"),
        ("OPTIONS", ITEMS, "GET, HEAD, POST"),
        ("BREW", "/health/live", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_405_and_says_which_are_right(
    client: Client, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)
    assert_is_problem(response, 405)
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"{'name': 'x'}",
        b'{"name": "x"} {}',
        b'{"name": "x\xff"}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"name": ' * 100_000,
    ],
    ids=lambda content: repr(content[:20]),
)
async def test_a_body_that_cannot_be_read_is_400(alice: Client, content: bytes) -> None:
    response = await alice.post(ITEMS, content=content, headers=JSON)
    assert_is_problem(response, 400)


async def test_a_missing_body_is_422(alice: Client) -> None:
    response = await alice.post(ITEMS)
    assert_is_problem(response, 422)
    assert response.json()["errors"][0]["loc"] == ["body"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", None],
)
async def test_a_body_that_is_not_json_is_415(
    alice: Client, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = await alice.post(ITEMS, content=b'{"name": "x"}', headers=headers)
    assert_is_problem(response, 415)


async def test_a_body_over_the_limit_is_413_before_it_is_read(client: Client) -> None:
    headers = JSON | {"Content-Length": str(LIMIT + 1)}
    response = await client.post(ITEMS, content=b"", headers=headers)
    assert_is_problem(response, 413)


async def test_a_body_without_a_length_is_413_once_it_is_over_the_limit(
    alice: Client,
) -> None:
    content = b'{"name": "' + b"x" * LIMIT + b'"}'
    request = alice.build_request("POST", ITEMS, content=content, headers=JSON)
    del request.headers["content-length"]
    request.headers["transfer-encoding"] = "chunked"
    response = await alice.send(request)
    assert_is_problem(response, 413)


async def test_a_body_just_within_the_limit_is_read(alice: Client) -> None:
    content = json.dumps({"name": "x"}).encode().ljust(LIMIT)
    response = await alice.post(ITEMS, content=content, headers=JSON)
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("body", "location"),
    [
        (r'{"name": NaN}', ["body", "name"]),
        (r'{"name": Infinity}', ["body", "name"]),
        (r'{"name": 1e400}', ["body", "name"]),
        (r'{"name": 1000000000000000000000000000000}', ["body", "name"]),
        (r'{"name": "\ud800"}', ["body", "name"]),
        (r'{"name": "x", "description": "\udfff"}', ["body", "description"]),
        (r'{"name": "x", "description": "\u0000"}', ["body", "description"]),
        (r'{"name": "x", "description": {"a": 1}}', ["body", "description"]),
        (r'{"name": "x", "\u0000": 1}', ["body", "\x00"]),
    ],
)
async def test_a_bad_value_is_422_and_says_where(
    alice: Client, body: str, location: list[str]
) -> None:
    response = await alice.post(ITEMS, content=body.encode(), headers=JSON)
    assert_is_problem(response, 422)
    (error,) = response.json()["errors"]
    assert set(error) == {"loc", "msg", "type"}
    assert error["loc"] == location


async def test_a_field_whose_name_cannot_be_written_is_422(alice: Client) -> None:
    body = rb'{"name": "x", "\ud800": 1}'
    response = await alice.post(ITEMS, content=body, headers=JSON)
    assert_is_problem(response, 422)


@pytest.mark.parametrize("name", ["%00", "%ff", "%ed%a0%80", "1", "0" * 5000, "NaN"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_id_that_is_none_is_422(alice: Client, method: str, name: str) -> None:
    response = await alice.request(method, f"{ITEMS}/{name}")
    assert_is_problem(response, 422)
    assert response.json()["errors"][0]["loc"] == ["path", "item_id"]


@pytest.mark.parametrize("value", ["%00", "%ff", "%ed%a0%80", "1e400", "1.5", "", "٣x"])
async def test_a_bad_query_is_422(alice: Client, value: str) -> None:
    response = await alice.get(f"{ITEMS}?size={value}")
    assert_is_problem(response, 422)
    assert response.json()["errors"][0]["loc"] == ["query", "size"]


async def test_rejected_input_is_never_repeated(alice: Client) -> None:
    secret = "correct-horse-battery-staple"
    response = await alice.post(ITEMS, json={"name": [secret], "description": 1})
    assert_is_problem(response, 422)
    assert secret not in response.text


async def test_a_long_unknown_field_is_not_answered_at_length(alice: Client) -> None:
    response = await alice.post(ITEMS, json={"name": "x", "y" * 100_000: 1})
    assert_is_problem(response, 422)


async def test_many_unknown_fields_are_not_answered_at_length(alice: Client) -> None:
    fields = {f"{number:06}": 1 for number in range(10_000)}
    response = await alice.post(ITEMS, json={"name": "x"} | fields)
    assert_is_problem(response, 422)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a route raise an error, and return the error's text."""

    async def fail(*_: object, **__: object) -> int:
        message = "SELECT secret FROM vault"
        raise RuntimeError(message)

    monkeypatch.setattr(SqlItemRepository, "count", fail)
    return "SELECT secret FROM vault"


async def test_an_unforeseen_error_is_500_and_tells_nothing(
    alice: Client, broken: str
) -> None:
    response = await alice.get(ITEMS)
    assert_is_problem(response, 500)
    for text in (broken, "RuntimeError", "Traceback", "/app/"):
        assert text not in response.text


async def test_an_unforeseen_error_is_logged_once_with_its_traceback(
    alice: Client, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    response = await alice.get(ITEMS)
    error, access = logged(capsys)
    assert error["event"] == "unhandled_error"
    assert error["level"] == "error"
    assert error["exception"].endswith(f"RuntimeError: {broken}")
    assert error["request_id"] == response.headers["x-request-id"]
    assert (access["event"], access["status"]) == ("request", 500)


async def test_the_request_after_an_unforeseen_error_is_answered(
    alice: Client, broken: str
) -> None:
    assert broken
    await alice.get(ITEMS)
    response = await alice.get("/health/ready")
    assert response.status_code == 200
