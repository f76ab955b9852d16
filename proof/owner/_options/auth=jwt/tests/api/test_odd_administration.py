"""What administrators seldom do, and others try, with the accounts of others."""

from __future__ import annotations

import pytest

from app.core.database import Database
from tests.accounts import ME, change_user, log_in, refresh
from tests.client import Client

USERS = "/api/v1/users"
ALICE = "alice@example.org"


async def test_an_account_that_is_no_longer_active_has_no_access_whatever_its_sessions(
    alice: Client, client: Client, database: Database
) -> None:
    tokens = await log_in(client, ALICE)
    await change_user(database, ALICE, is_active=False)
    for response in [await alice.get(ME), await refresh(client, tokens)]:
        assert response.status_code == 401


@pytest.mark.parametrize("body", [{"is_active": False}, {"scopes": []}, {}])
async def test_users_are_no_administrators(
    admin: Client, alice: Client, body: dict[str, object]
) -> None:
    for client in (alice, admin):
        before = await client.get(ME)
        response = await alice.patch(f"{USERS}/{before.json()['id']}", json=body)
        assert response.status_code == 403
        after = await client.get(ME)
        assert after.json() == before.json()


@pytest.mark.parametrize(
    "body",
    [
        {"is_active": "perhaps"},
        {"is_active": "true"},
        {"is_active": 0},
        {"is_active": None},
        {"scopes": None},
        {"scopes": "admin"},
        {"scopes": ["admin"] * 100},
        {"email": "new@example.org"},
    ],
)
async def test_what_administrators_cannot_change_is_422(
    admin: Client, alice: Client, body: dict[str, object]
) -> None:
    before = await alice.get(ME)
    response = await admin.patch(f"{USERS}/{before.json()['id']}", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", *body]
    after = await alice.get(ME)
    assert after.json() == before.json()


@pytest.mark.parametrize("query", [{"size": 501}, {"size": 0}, {"page": 0}])
async def test_an_impossible_page_is_422(admin: Client, query: dict[str, int]) -> None:
    response = await admin.get(USERS, params=query)
    assert response.status_code == 422
