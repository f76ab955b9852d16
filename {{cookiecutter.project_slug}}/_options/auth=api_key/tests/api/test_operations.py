"""Who may call what: everything is closed that is not listed as open (OWASP API5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app.core.database import Database
from app.core.scopes import Scope
from tests.client import App, Client, connect
from tests.principals import make_key, with_key

# Anybody may call these. Add an operation here once that is decided for it.
OPEN = {
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/health"),
}

# What the others need besides a key.
SCOPES = {
    ("post", "/api/v1/api-keys"): [Scope.ADMIN],
    ("get", "/api/v1/api-keys"): [Scope.ADMIN],
    ("delete", "/api/v1/api-keys/{api_key_id}"): [Scope.ADMIN],
    ("post", "/api/v1/api-keys/{api_key_id}/rotate"): [Scope.ADMIN],
    ("post", "/api/v1/items"): [Scope.ITEMS_WRITE],
    ("get", "/api/v1/items"): [Scope.ITEMS_READ],
    ("get", "/api/v1/items/{item_id}"): [Scope.ITEMS_READ],
    ("patch", "/api/v1/items/{item_id}"): [Scope.ITEMS_WRITE],
    ("delete", "/api/v1/items/{item_id}"): [Scope.ITEMS_WRITE],
}


async def get_document(client: Client) -> dict[str, Any]:
    response = await client.get("/openapi.json")
    document: dict[str, Any] = response.json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", str(UUID(int=0)), path)


async def test_every_operation_is_known_to_be_open_or_closed(client: Client) -> None:
    document = await get_document(client)
    found = {(method, path) for method, path, _ in operations(document)}
    assert found == OPEN | set(SCOPES)


async def test_the_document_says_what_each_operation_needs(client: Client) -> None:
    document = await get_document(client)
    schemes = document["components"]["securitySchemes"]
    api_key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert schemes == {"apiKey": api_key}
    assert "security" not in document
    for method, path, operation in operations(document):
        if (method, path) in OPEN:
            assert "security" not in operation, path
            assert "403" not in operation["responses"], path
        else:
            needed = SCOPES[method, path]
            assert operation["security"] == [{"apiKey": needed}], path
            assert {"401", "403"} <= set(operation["responses"]), path


@pytest.mark.parametrize("key", [None, "nonsense"])
async def test_every_operation_that_is_not_open_needs_credentials(
    app: App,
    key: str | None,
) -> None:
    caller = connect(app) if key is None else with_key(app, key)
    for method, path in (*OPEN, *SCOPES):
        response = await caller.request(method.upper(), filled(path))
        if (method, path) in OPEN:
            assert response.status_code == 200, path
        else:
            assert response.status_code == 401, path
            challenge = response.headers["www-authenticate"]
            assert ("error=" in challenge) == (key is not None)


@pytest.mark.parametrize(
    "held",
    [
        (Scope.ITEMS_READ,),
        (Scope.ITEMS_WRITE,),
        (Scope.ITEMS_READ, Scope.ITEMS_WRITE),
        (Scope.ADMIN,),
    ],
)
async def test_every_operation_needs_its_scope_before_it_looks_at_the_request(
    app: App,
    database: Database,
    held: tuple[Scope, ...],
) -> None:
    made = await make_key(database, *held)
    caller = with_key(app, made.key)
    for method, path in (*OPEN, *SCOPES):
        needed = SCOPES.get((method, path), [])
        response = await caller.request(method.upper(), filled(path))
        if set(needed) <= set(held) or Scope.ADMIN in held:
            assert response.status_code in {200, 404, 422}, path
        else:
            assert response.status_code == 403, path
            assert response.json()["code"] == "insufficient_scope"
            challenge = response.headers["www-authenticate"]
            scope = f'error="insufficient_scope", scope="{needed[0]}"'
            assert challenge.startswith('APIKey realm="')
            assert challenge.endswith(scope), path


async def test_every_body_refuses_fields_that_it_does_not_know(
    admin: Client,
) -> None:
    document = await get_document(admin)
    for method, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        for field in ("id", "owner_id", "is_admin", "secret_hash", "created_at"):
            body = {field: True}
            response = await admin.request(method.upper(), filled(path), json=body)
            assert response.status_code == 422, path
            reasons = {
                (error["loc"][-1], error["type"]) for error in response.json()["errors"]
            }
            assert (field, "extra_forbidden") in reasons, path
