"""Who may call what: everything is closed that is not listed as open (OWASP API5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app.core.database import Database
from app.core.scopes import Scope
from tests.accounts import signed_in
from tests.client import App, Client, connect
from tests.principals import make_key, with_key

# Anybody may call these. Add an operation here once that is decided for it.
OPEN = {
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/health"),
    ("post", "/api/v1/auth/register"),
    ("post", "/api/v1/auth/login"),
    ("post", "/api/v1/auth/refresh"),
    ("post", "/api/v1/auth/logout"),
}

# What the others need besides an access token or a key.
SCOPES = {
    ("get", "/api/v1/users/me"): [],
    ("patch", "/api/v1/users/me"): [],
    ("delete", "/api/v1/users/me"): [],
    ("put", "/api/v1/users/me/password"): [],
    ("get", "/api/v1/users"): [Scope.ADMIN],
    ("patch", "/api/v1/users/{user_id}"): [Scope.ADMIN],
    ("post", "/api/v1/api-keys"): [],
    ("get", "/api/v1/api-keys"): [],
    ("delete", "/api/v1/api-keys/{api_key_id}"): [],
    ("post", "/api/v1/api-keys/{api_key_id}/rotate"): [],
    ("post", "/api/v1/items"): [Scope.ITEMS_WRITE],
    ("get", "/api/v1/items"): [Scope.ITEMS_READ],
    ("get", "/api/v1/items/{item_id}"): [Scope.ITEMS_READ],
    ("patch", "/api/v1/items/{item_id}"): [Scope.ITEMS_WRITE],
    ("delete", "/api/v1/items/{item_id}"): [Scope.ITEMS_WRITE],
}

# What a key cannot do, whatever its scopes.
NEEDS_BEARER = {operation for operation in SCOPES if "api-keys" in operation[1]}


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
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    api_key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert schemes == {"bearer": bearer, "apiKey": api_key}
    assert "security" not in document
    for method, path, operation in operations(document):
        if (method, path) in OPEN:
            assert "security" not in operation, path
            assert "403" not in operation["responses"], path
        else:
            needed = SCOPES[method, path]
            schemes = ["bearer", "apiKey"]
            if (method, path) in NEEDS_BEARER:
                schemes.remove("apiKey")
            security = [{scheme: needed} for scheme in schemes]
            assert operation["security"] == security, path
            assert {"401", "403"} <= set(operation["responses"]), path


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer nonsense"}, {"x_api_key": "nonsense"}],
)
async def test_every_operation_that_is_not_open_needs_credentials(
    app: App,
    headers: dict[str, str],
) -> None:
    caller = connect(app, **headers)
    for method, path in (*OPEN, *SCOPES):
        response = await caller.request(method.upper(), filled(path))
        if (method, path) in OPEN:
            assert response.status_code in {200, 422}, path
        else:
            assert response.status_code == 401, path
            challenge = response.headers["www-authenticate"]
            assert ("error=" in challenge) == bool(headers)


async def test_every_operation_needs_its_scope_before_it_looks_at_the_request(
    app: App,
    database: Database,
) -> None:
    ada = await signed_in(app, database, "ada@example.org", [])
    for method, path in (*OPEN, *SCOPES):
        needed = SCOPES.get((method, path), [])
        response = await ada.request(method.upper(), filled(path))
        if needed:
            assert response.status_code == 403, path
            assert response.json()["code"] == "insufficient_scope"
            challenge = response.headers["www-authenticate"]
            scope = f'error="insufficient_scope", scope="{needed[0]}"'
            assert challenge.endswith(scope), path
        else:
            assert response.status_code in {200, 404, 422}, path


async def test_a_key_needs_the_same_scopes_and_manages_no_keys(
    app: App,
    database: Database,
) -> None:
    made = await make_key(database, Scope.ITEMS_READ)
    caller = with_key(app, made.key)
    for method, path in (*OPEN, *SCOPES):
        needed = SCOPES.get((method, path), [])
        response = await caller.request(method.upper(), filled(path))
        if (method, path) in NEEDS_BEARER:
            assert response.status_code == 403, path
            assert response.json()["code"] == "bearer_required"
            assert response.headers["www-authenticate"].startswith("Bearer realm=")
        elif set(needed) <= {Scope.ITEMS_READ}:
            assert response.status_code in {200, 404, 422}, path
        else:
            assert response.status_code == 403, path
            assert response.json()["code"] == "insufficient_scope"
            challenge = response.headers["www-authenticate"]
            assert challenge.startswith("APIKey realm=")
            scope = f'error="insufficient_scope", scope="{needed[0]}"'
            assert challenge.endswith(scope), path


async def test_a_key_of_an_administrator_manages_no_keys_either(
    app: App,
    database: Database,
) -> None:
    made = await make_key(database, Scope.ADMIN)
    caller = with_key(app, made.key)
    for method, path in (*OPEN, *SCOPES):
        response = await caller.request(method.upper(), filled(path))
        is_refused = response.status_code == 403
        assert is_refused == ((method, path) in NEEDS_BEARER), path


async def test_every_body_refuses_fields_that_it_does_not_know(
    admin: Client,
) -> None:
    document = await get_document(admin)
    for method, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        for field in ("id", "owner_id", "is_admin", "role", "secret_hash"):
            body = {field: True}
            response = await admin.request(method.upper(), filled(path), json=body)
            assert response.status_code == 422, path
            reasons = {
                (error["loc"][-1], error["type"]) for error in response.json()["errors"]
            }
            assert (field, "extra_forbidden") in reasons, path


@pytest.mark.parametrize("field", ["scopes", "is_active"])
async def test_nobody_can_raise_their_own_rights(alice: Client, field: str) -> None:
    values: dict[str, object] = {"scopes": ["admin"], "is_active": True}
    extra = {field: values[field]}
    body = {"email": "new@example.org", "password": "a password for tests"} | extra
    registered = await alice.post("/api/v1/auth/register", json=body)
    changed = await alice.patch("/api/v1/users/me", json={"name": "Alice"} | extra)
    for response in (registered, changed):
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["loc"], error["type"]) == (["body", field], "extra_forbidden")
    profile = await alice.get("/api/v1/users/me")
    assert profile.json()["scopes"] == ["items:read", "items:write"]
    assert profile.json()["name"] is None
