"""What administrators do with the accounts of others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.services.sessions import NEW_USER_SCOPES
from tests.accounts import (
    AUTH_URL,
    ME,
    PASSWORD,
    can_log_in,
    has_access,
    log_in,
    refresh,
)
from tests.client import App, Client

USERS = "/api/v1/users"
ALICE = "alice@example.org"


async def url_of(client: Client) -> str:
    response = await client.get(ME)
    return f"{USERS}/{response.json()['id']}"


@pytest.mark.usefixtures("alice", "bob")
async def test_administrators_see_all_accounts_the_newest_first(admin: Client) -> None:
    response = await admin.get(USERS, params={"size": 2})
    assert response.status_code == 200
    page = response.json()
    emails = [user["email"] for user in page.pop("items")]
    assert emails == ["admin@example.org", "bob@example.org"]
    assert page == {"page": 1, "size": 2, "total": 3, "pages": 2}
    response = await admin.get(USERS, params={"size": 2, "page": 2})
    assert [user["email"] for user in response.json()["items"]] == [ALICE]


async def test_a_disabled_account_loses_access_at_once(
    app: App, admin: Client, alice: Client, client: Client
) -> None:
    elsewhere = await log_in(client, ALICE)
    response = await admin.patch(await url_of(alice), json={"is_active": False})
    assert response.status_code == 200
    assert response.json()["is_active"] is False
    assert not await has_access(app, elsewhere)
    for refused in [await alice.get(ME), await refresh(client, elsewhere)]:
        assert refused.status_code == 401
        assert refused.json()["code"] == "invalid_token"
    assert not await can_log_in(client, ALICE)


async def test_an_account_that_is_enabled_again_must_log_in_anew(
    admin: Client, alice: Client, client: Client
) -> None:
    url = await url_of(alice)
    await admin.patch(url, json={"is_active": False})
    response = await admin.patch(url, json={"is_active": True})
    assert response.json()["is_active"] is True
    former = await alice.get(ME)
    assert former.status_code == 401
    assert await can_log_in(client, ALICE)


async def test_new_scopes_of_a_user_hold_at_once(admin: Client, alice: Client) -> None:
    url = await url_of(alice)
    for scopes, status in (([], 403), (["admin"], 200), ([], 403)):
        response = await admin.patch(url, json={"scopes": scopes})
        assert response.json()["scopes"] == scopes
        response = await alice.get(USERS)
        assert response.status_code == status
    profile = await alice.get(ME)
    assert profile.status_code == 200


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", {"scopes": []}),
        ("PATCH", {"is_active": False}),
        ("DELETE", {"current_password": PASSWORD}),
    ],
)
async def test_the_last_administrator_stays(
    admin: Client, alice: Client, *, method: str, body: dict[str, object]
) -> None:
    own = ME if method == "DELETE" else await url_of(admin)
    refused = await admin.request(method, own, json=body)
    assert refused.status_code == 409
    assert refused.json()["code"] == "last_administrator"
    promoted = await admin.patch(await url_of(alice), json={"scopes": ["admin"]})
    assert promoted.status_code == 200
    response = await admin.request(method, own, json=body)
    assert response.status_code in {200, 204}


async def test_users_are_no_administrators(admin: Client, alice: Client) -> None:
    for url in [await url_of(alice), await url_of(admin), f"{USERS}/{uuid4()}"]:
        response = await alice.patch(url, json={"scopes": ["admin"]})
        assert response.status_code == 403
        assert response.json()["code"] == "insufficient_scope"
    response = await alice.get(ME)
    assert response.json()["scopes"] == NEW_USER_SCOPES


@pytest.mark.parametrize("extra", [{"scopes": ["admin"]}, {"is_active": True}])
async def test_nobody_can_raise_their_own_rights(
    alice: Client, extra: dict[str, object]
) -> None:
    body = {"email": "new@example.org", "password": PASSWORD} | extra
    registered = await alice.post(f"{AUTH_URL}/register", json=body)
    changed = await alice.patch(ME, json={"name": "Alice"} | extra)
    for response in (registered, changed):
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["loc"], error["type"]) == (["body", *extra], "extra_forbidden")


async def test_an_account_that_is_not_there_is_404(admin: Client) -> None:
    response = await admin.patch(f"{USERS}/{uuid4()}", json={"is_active": False})
    assert response.status_code == 404


@pytest.mark.parametrize(
    "body", [{"is_active": None}, {"scopes": ["root"]}, {"password": PASSWORD}]
)
async def test_what_administrators_cannot_change_is_422(
    admin: Client, alice: Client, body: dict[str, object]
) -> None:
    response = await admin.patch(await url_of(alice), json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", *body]
