"""What the documentation page loads, and what the OpenAPI document refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


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


async def test_every_reference_resolves_and_every_schema_is_used(
    client: Client,
) -> None:
    response = await client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    document = response.json()
    used = set(references(document))
    for reference in used:
        assert resolve(document, reference)
    names = document["components"]["schemas"]
    assert {f"#/components/schemas/{name}" for name in names} <= used


async def test_every_success_says_what_it_answers(client: Client) -> None:
    response = await client.get("/openapi.json")
    for path in response.json()["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            (status,) = (status for status in responses if status < "400")
            content = responses[status].get("content", {})
            assert (status == "204") == (content == {}), operation["operationId"]
            if content:
                assert content["application/json"]["schema"]


async def test_the_page_runs_scripts_of_its_own_only(client: Client) -> None:
    page = await client.get("/docs")
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert re.findall(r"<script(?! src=)|\son\w+=|javascript:", page.text) == []


async def test_each_asset_has_its_media_type(client: Client) -> None:
    page = await client.get("/docs")
    sources = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(sources) == 3
    for source in sources:
        asset = await client.get(source)
        kind = "css" if source.endswith(".css") else "javascript"
        assert asset.headers["content-type"].startswith(f"text/{kind}")


@pytest.mark.parametrize("name", ["nothing.js", "%2e%2e%2fapp.py", "index.html"])
async def test_the_page_serves_its_own_assets_only(client: Client, name: str) -> None:
    response = await client.get(f"/docs/{name}")
    assert response.status_code == 404
