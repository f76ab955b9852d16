"""Who may call what: a route that does not say it fails a test (OWASP API5)."""

from __future__ import annotations

import pytest

from app.core.database import Database
from app.scopes import ADMIN, Scope, all_scopes
from tests.client import App, Client, connect, served
from tests.operations import operations
from tests.principals import BAD_CREDENTIALS, SCHEMES, holding

API = "/api/v1/"
ANSWERED = {200, 201, 204, 404, 409, 422}


async def test_every_route_says_who_may_call(client: Client) -> None:
    silent = [each for each in await operations(client) if not each.says_who_may_call]
    assert {each.path for each in silent} == {
        "/health",
        "/health/live",
        "/health/ready",
    }


async def test_every_route_is_documented(app: App, client: Client) -> None:
    documented = {(each.method, each.path) for each in await operations(client, API)}
    assert served(app, API) == documented


async def test_every_operation_has_a_name_of_its_own(client: Client) -> None:
    names = [each.description["operationId"] for each in await operations(client)]
    assert len(names) == len(set(names))


async def test_the_document_describes_the_refusals(client: Client) -> None:
    response = await client.get("/openapi.json")
    document = response.json()
    assert document["components"]["securitySchemes"] == SCHEMES
    assert "security" not in document
    for operation in await operations(client, API):
        assert set(operation.schemes) <= set(SCHEMES), operation.path
        assert set(operation.scopes) <= set(all_scopes()), operation.path
        responses = set(operation.description["responses"])
        assert ("403" in responses) == bool(operation.schemes), operation.path
        if operation.schemes:
            assert {"400", "401"} <= responses, operation.path


@pytest.mark.parametrize("headers", [{}, *BAD_CREDENTIALS])
async def test_every_operation_that_is_not_open_needs_credentials(
    app: App, client: Client, headers: dict[str, str]
) -> None:
    caller = connect(app, **headers)
    for operation in await operations(client):
        response = await operation.call(caller)
        if operation.schemes:
            assert response.status_code == 401, operation.path
            challenge = response.headers["www-authenticate"]
            assert ("error=" in challenge) == bool(headers)
        else:
            assert response.status_code in ANSWERED, operation.path


@pytest.mark.parametrize("missing", all_scopes())
async def test_every_operation_needs_its_scope_before_it_looks_at_the_request(
    app: App, client: Client, database: Database, missing: Scope
) -> None:
    held = [scope for scope in all_scopes() if scope not in {missing, ADMIN}]
    caller = await holding(app, database, *held)
    for operation in await operations(client):
        response = await operation.call(caller)
        if {missing, ADMIN} & set(operation.scopes):
            assert response.status_code == 403, operation.path
            assert response.json()["code"] == "insufficient_scope"
            challenge = response.headers["www-authenticate"]
            assert 'error="insufficient_scope", scope="' in challenge, operation.path
            assert challenge.split('"')[-2] in operation.scopes, operation.path
        else:
            assert response.status_code in ANSWERED, operation.path


async def test_administrators_may_call_everything(admin: Client) -> None:
    for operation in await operations(admin):
        response = await operation.call(admin)
        assert response.status_code in ANSWERED, operation.path


async def test_every_body_refuses_fields_that_it_does_not_know(admin: Client) -> None:
    for operation in await operations(admin):
        if "requestBody" not in operation.description:
            continue
        for field in ("id", "owner_id", "created_at", "is_superuser"):
            response = await operation.call(admin, json={field: True})
            assert response.status_code == 422, operation.path
            errors = response.json()["errors"]
            reasons = {(error["loc"][-1], error["type"]) for error in errors}
            assert (field, "extra_forbidden") in reasons, operation.path
