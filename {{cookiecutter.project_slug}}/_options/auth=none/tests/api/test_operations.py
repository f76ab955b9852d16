from __future__ import annotations

from tests.client import Client

# Everybody may call all of these. Add an operation here once that is decided for it.
OPEN = {
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/health"),
    ("post", "/api/v1/items"),
    ("get", "/api/v1/items"),
    ("get", "/api/v1/items/{item_id}"),
    ("patch", "/api/v1/items/{item_id}"),
    ("delete", "/api/v1/items/{item_id}"),
}


async def test_every_operation_is_known_to_be_open(client: Client) -> None:
    response = await client.get("/openapi.json")
    paths = response.json()["paths"]
    operations = {(method, path) for path in paths for method in paths[path]}
    assert operations == OPEN


async def test_the_document_asks_for_no_credentials(client: Client) -> None:
    response = await client.get("/openapi.json")
    document = response.json()
    assert "security" not in document
    assert "securitySchemes" not in document["components"]
    for path in document["paths"].values():
        for operation in path.values():
            assert "security" not in operation
            assert not {"401", "403"} & set(operation["responses"])
