"""Who may manage keys, and what keys may call."""

from __future__ import annotations

from app.core.database import Database
from app.scopes import ADMIN
from app.scopes.items import ITEMS_READ
from tests.client import App, Client
from tests.operations import operations, scopes_of
from tests.principals import make_key, with_key

ACCOUNTS = ("/api/v1/users", "/api/v1/api-keys")


async def test_users_manage_their_own_keys_and_need_no_scope(client: Client) -> None:
    assert await scopes_of(client, "/api/v1/api-keys") == {
        ("post", "/api/v1/api-keys"): [],
        ("get", "/api/v1/api-keys"): [],
        ("delete", "/api/v1/api-keys/{api_key_id}"): [],
        ("post", "/api/v1/api-keys/{api_key_id}/rotate"): [],
    }


async def test_only_accounts_and_their_keys_take_an_access_token(
    client: Client,
) -> None:
    for operation in await operations(client, "/api/v1/"):
        if operation.schemes:
            is_of_accounts = operation.path.startswith(ACCOUNTS)
            expected = ["bearer"] if is_of_accounts else ["bearer", "apiKey"]
            assert operation.schemes == expected, operation.path


async def test_a_key_needs_the_same_scopes_and_reaches_no_account(
    app: App, database: Database
) -> None:
    made = await make_key(database, ITEMS_READ)
    caller = with_key(app, made.key)
    for operation in await operations(caller, "/api/v1/"):
        response = await operation.call(caller)
        if operation.schemes == ["bearer"]:
            assert response.status_code == 403, operation.path
            assert response.json()["code"] == "bearer_required"
            assert response.headers["www-authenticate"].startswith("Bearer realm=")
        elif set(operation.scopes) <= {ITEMS_READ}:
            assert response.status_code in {200, 404, 422}, operation.path
        else:
            assert response.status_code == 403, operation.path
            assert response.json()["code"] == "insufficient_scope"
            challenge = response.headers["www-authenticate"]
            assert challenge.startswith("APIKey realm=")


async def test_a_key_of_an_administrator_reaches_no_account_either(
    app: App, database: Database
) -> None:
    made = await make_key(database, ADMIN)
    caller = with_key(app, made.key)
    for operation in await operations(caller, "/api/v1/"):
        response = await operation.call(caller)
        is_refused = response.status_code == 403
        assert is_refused == (operation.schemes == ["bearer"]), operation.path
