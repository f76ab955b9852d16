"""JSON is UTF-8 (RFC 8259 section 8.1)."""

from __future__ import annotations

import json

import pytest

from tests.client import Client

ITEMS = "/api/v1/items"
TEXT = json.dumps({"name": "Zoë 🪑"}, ensure_ascii=False)
OTHER_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
)


@pytest.mark.parametrize(
    "body",
    [
        *(TEXT.encode(encoding) for encoding in OTHER_ENCODINGS),
        "1".encode("utf-16-le"),
        '{"name": "Zoë"}'.encode("latin-1"),
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\xed\xa0\xbd\xed\xba\x91"}',
        b'{"\xed\xbf\xbf": "x"}',
        b'{"name": "\xc0\x80"}',
        b'{"name": "\xf4\x90\x80\x80"}',
        b'{"name": "x\xf0\x9f\xaa"}',
    ],
    ids=lambda body: repr(body[:14]),
)
@pytest.mark.parametrize("charset", ["", "; charset=utf-16", "; charset=latin-1"])
async def test_a_body_that_is_not_utf_8_is_400(
    alice: Client, body: bytes, charset: str
) -> None:
    headers = {"Content-Type": f"application/json{charset}"}
    response = await alice.post(ITEMS, content=body, headers=headers)
    assert response.status_code == 400, response.text
    assert response.json()["code"] == "bad_request"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a BOM"])
async def test_utf_8_is_read_with_and_without_a_mark(alice: Client, mark: str) -> None:
    headers = {"Content-Type": "application/json"}
    body = f"{mark}{TEXT}".encode()
    response = await alice.post(ITEMS, content=body, headers=headers)
    assert response.status_code == 201, response.text
    assert response.json()["name"] == "Zoë 🪑"


async def test_an_escaped_surrogate_is_text_that_cannot_be_stored(
    alice: Client,
) -> None:
    headers = {"Content-Type": "application/json"}
    body = rb'{"name": "\ud800"}'
    response = await alice.post(ITEMS, content=body, headers=headers)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "name"]
