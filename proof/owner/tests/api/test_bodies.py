"""Bodies that cannot be read, are no JSON, too long, or hold what no field takes."""

from __future__ import annotations

import json

import pytest

from tests.client import Client
from tests.problems import assert_is_problem

ITEMS = "/api/v1/items"
JSON = {"Content-Type": "application/json"}
LIMIT = 1024 * 1024


@pytest.mark.parametrize(
    "content",
    [
        b"{'name': 'x'}",
        b'{"name": "x"} {}',
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
    ["application/xml", "application/x-www-form-urlencoded", "", None],
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
        (r'{"name": null}', ["body", "name"]),
        (r'{"name": NaN}', ["body", "name"]),
        (r'{"name": Infinity}', ["body", "name"]),
        (r'{"name": 1e400}', ["body", "name"]),
        (r'{"name": 1000000000000000000000000000000}', ["body", "name"]),
        (r'{"name": "\ud800"}', ["body", "name"]),
        (r'{"name": "x", "description": "\udfff"}', ["body", "description"]),
        (r'{"name": "x", "description": "\u0000"}', ["body", "description"]),
        (r'{"name": "x", "description": {"a": 1}}', ["body", "description"]),
        (r'{"name": "x", "\u0000": 1}', ["body", "\x00"]),
        (r'{"name": "x", "owner_id": null}', ["body", "owner_id"]),
        (r'{"name": "x", "created_at": "2020-01-01"}', ["body", "created_at"]),
        ("[]", ["body"]),
        ("null", ["body"]),
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


async def test_a_long_unknown_field_is_not_answered_at_length(alice: Client) -> None:
    response = await alice.post(ITEMS, json={"name": "x", "y" * 100_000: 1})
    assert_is_problem(response, 422)


async def test_many_unknown_fields_are_not_answered_at_length(alice: Client) -> None:
    fields = {f"{number:06}": 1 for number in range(10_000)}
    response = await alice.post(ITEMS, json={"name": "x"} | fields)
    assert_is_problem(response, 422)
