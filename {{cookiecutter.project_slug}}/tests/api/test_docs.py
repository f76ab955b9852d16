"""The documentation page and the OpenAPI document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from app.about import NAME, VERSION
from tests.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


async def get_document(client: Client) -> dict[str, Any]:
    response = await client.get("/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    document: dict[str, Any] = response.json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for child in part.values():
            yield from references(child)
    elif isinstance(part, list):
        for child in part:
            yield from references(child)


def resolve(document: dict[str, Any], reference: str) -> object:
    part: Any = document
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


async def test_the_document_says_what_it_describes(client: Client) -> None:
    document = await get_document(client)
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == NAME
    assert document["info"]["version"] == VERSION


async def test_every_reference_resolves_and_every_schema_is_used(
    client: Client,
) -> None:
    document = await get_document(client)
    used = set(references(document))
    for reference in used:
        assert resolve(document, reference)
    names = document["components"]["schemas"]
    assert {f"#/components/schemas/{name}" for name in names} <= used


async def test_every_operation_has_an_id_of_its_own_a_tag_and_a_summary(
    client: Client,
) -> None:
    document = await get_document(client)
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for name, operation in operations(document):
        assert operation["tags"], name
        assert operation["summary"], name


async def test_every_operation_documents_its_problems(client: Client) -> None:
    document = await get_document(client)
    for name, operation in operations(document):
        responses = operation["responses"]
        due = {"429", "500", "503"}
        if "requestBody" in operation:
            due |= {"400", "413", "415", "422"}
        if "{" in name:
            due |= {"404", "422"}
        assert due <= set(responses), name
        for status, response in responses.items():
            if int(status) >= 400:
                assert response["content"] == {"application/problem+json": PROBLEM}


async def test_every_success_says_what_it_answers(client: Client) -> None:
    document = await get_document(client)
    for name, operation in operations(document):
        (status,) = (status for status in operation["responses"] if status < "400")
        content = operation["responses"][status].get("content", {})
        assert (status == "204") == (content == {}), name
        if content:
            assert content["application/json"]["schema"], name


async def test_the_page_takes_everything_from_this_server(client: Client) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert NAME in page.text
    assert "//" not in page.text
    sources = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(sources) == 3
    for source in sources:
        asset = await client.get(source)
        assert asset.status_code == 200
        kind = "css" if source.endswith(".css") else "javascript"
        assert asset.headers["content-type"].startswith(f"text/{kind}")
        assert asset.content


async def test_the_pages_policy_is_strict(client: Client) -> None:
    page = await client.get("/docs")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe-eval" not in policy
    assert re.findall(r"<script(?! src=)|\son\w+=|javascript:", page.text) == []


@pytest.mark.parametrize("name", ["nothing.js", "%2e%2e%2fapp.py", "index.html"])
async def test_the_page_serves_its_own_assets_only(client: Client, name: str) -> None:
    response = await client.get(f"/docs/{name}")
    assert response.status_code == 404
