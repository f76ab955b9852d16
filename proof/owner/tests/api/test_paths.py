"""Paths, methods, ids and queries that no route takes."""

from __future__ import annotations

import pytest

from app.core.database import Database
from tests.client import Client
from tests.problems import assert_is_problem

ITEMS = "/api/v1/items"


@pytest.mark.parametrize("path", [f"{ITEMS}/", "//", "/%00", "/%ff"])
async def test_an_unknown_path_is_404(client: Client, path: str) -> None:
    response = await client.get(f"http://testserver{path}")
    assert_is_problem(response, 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", ITEMS, "GET, HEAD, POST"),
        ("DELETE", ITEMS, "GET, HEAD, POST"),
        ("POST", f"{ITEMS}/1", "DELETE, GET, HEAD, PATCH"),
        ("TRACE", "/health", "GET, HEAD"),
        ("OPTIONS", ITEMS, "GET, HEAD, POST"),
    ],
)
async def test_a_wrong_method_is_405_and_says_which_are_right(
    client: Client, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)
    assert_is_problem(response, 405)
    assert response.headers["allow"] == allowed


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


@pytest.mark.parametrize("page", [-1, 2**31, 10**30, "9" * 5000, "NaN"])
async def test_an_impossible_page_is_422(alice: Client, page: int | str) -> None:
    response = await alice.get(ITEMS, params={"page": page})
    assert_is_problem(response, 422)
    assert response.json()["errors"][0]["loc"] == ["query", "page"]


async def test_the_last_of_repeated_parameters_counts(alice: Client) -> None:
    response = await alice.get(f"{ITEMS}?size=1&size=2")
    assert response.status_code == 200
    assert response.json()["size"] == 2


async def test_a_line_break_in_the_path_makes_no_header(client: Client) -> None:
    response = await client.get("/nowhere%0d%0aX-Evil:%201")
    assert response.status_code == 404
    assert "x-evil" not in response.headers


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


async def test_the_request_after_an_unforeseen_error_is_answered(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patches:
        patches.setattr(Database, "is_available", None)
        failed = await client.get("/health/ready")
    response = await client.get("/health/ready")
    assert (failed.status_code, response.status_code) == (500, 200)
