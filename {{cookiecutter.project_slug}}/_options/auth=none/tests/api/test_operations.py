"""Nobody is asked who they are."""

from __future__ import annotations

from tests.client import App, Client, served


async def test_the_document_asks_for_no_credentials(client: Client) -> None:
    response = await client.get("/openapi.json")
    document = response.json()
    assert "security" not in document
    assert "securitySchemes" not in document["components"]
    for path in document["paths"].values():
        for operation in path.values():
            assert "security" not in operation
            assert not {"401", "403"} & set(operation["responses"])


async def test_every_route_is_documented(app: App, client: Client) -> None:
    response = await client.get("/openapi.json")
    paths = response.json()["paths"]
    documented = {(method, path) for path in paths for method in paths[path]}
    assert served(app, "/api/v1/") <= documented


async def test_every_operation_has_a_name_of_its_own(client: Client) -> None:
    response = await client.get("/openapi.json")
    names = [
        operation["operationId"]
        for path in response.json()["paths"].values()
        for operation in path.values()
    ]
    assert len(names) == len(set(names))
