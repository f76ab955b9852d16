"""Who may call which operation of accounts and sessions."""

from __future__ import annotations

from app.scopes import ADMIN
from tests.client import Client
from tests.operations import operations, scopes_of


async def test_only_administrators_see_other_accounts(client: Client) -> None:
    assert await scopes_of(client, "/api/v1/users") == {
        ("get", "/api/v1/users/me"): [],
        ("patch", "/api/v1/users/me"): [],
        ("delete", "/api/v1/users/me"): [],
        ("put", "/api/v1/users/me/password"): [],
        ("get", "/api/v1/users"): [ADMIN],
        ("patch", "/api/v1/users/{user_id}"): [ADMIN],
    }


async def test_only_signing_up_and_in_and_out_is_open(client: Client) -> None:
    found = await operations(client, "/api/v1/")
    assert {each.path for each in found if not each.schemes} == {
        "/api/v1/auth/register",
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/auth/logout",
    }
