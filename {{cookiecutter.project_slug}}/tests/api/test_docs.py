"""The OpenAPI document and the page that shows it."""

from __future__ import annotations

import re
from typing import Any

from app import NAME, VERSION
from tests.client import Client

PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


async def get_document(client: Client) -> dict[str, Any]:
    response = await client.get("/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


async def get_operations(client: Client) -> dict[str, dict[str, Any]]:
    document = await get_document(client)
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_the_document_says_what_it_describes(client: Client) -> None:
    document = await get_document(client)
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == NAME
    assert document["info"]["version"] == VERSION


async def test_every_operation_has_an_id_of_its_own_a_tag_and_a_summary(
    client: Client,
) -> None:
    operations = await get_operations(client)
    ids = {operation["operationId"] for operation in operations.values()}
    assert len(ids) == len(operations)
    for name, operation in operations.items():
        assert operation["tags"], name
        assert operation["summary"], name


async def test_every_operation_documents_its_problems(client: Client) -> None:
    operations = await get_operations(client)
    for name, operation in operations.items():
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


async def test_the_page_takes_everything_from_this_server(client: Client) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert NAME in page.text
    assert "//" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    for source in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        asset = await client.get(source)
        assert asset.status_code == 200
        assert asset.content
