"""What administrators do with the accounts of others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.core.database import Database
from app.services.sessions import NEW_USER_SCOPES
from tests.accounts import AUTH_URL, ME, PASSWORD, change_user, log_in, with_token
from tests.client import App, Client

USERS = "/api/v1/users"
ITEMS = "/api/v1/items"
ALICE = "alice@example.org"


async def id_of(client: Client) -> str:
    response = await client.get(ME)
    user_id: str = response.json()["id"]
    return user_id


@pytest.mark.usefixtures("alice", "bob")
async def test_administrators_see_all_accounts_the_newest_first(
    admin: Client,
) -> None:
    response = await admin.get(USERS, params={"size": 2})
    assert response.status_code == 200
    page = response.json()
    emails = [user["email"] for user in page.pop("items")]
    assert emails == ["admin@example.org", "bob@example.org"]
    assert page == {"page": 1, "size": 2, "total": 3, "pages": 2}
    response = await admin.get(USERS, params={"size": 2, "page": 2})
    assert [user["email"] for user in response.json()["items"]] == [ALICE]


async def test_a_disabled_account_loses_access_at_once(
    app: App,
    admin: Client,
    alice: Client,
    client: Client,
) -> None:
    elsewhere = await log_in(client, ALICE)
    url = f"{USERS}/{await id_of(alice)}"
    response = await admin.patch(url, json={"is_active": False})
    assert response.status_code == 200
    assert response.json()["is_active"] is False
    for former in (alice, with_token(app, elsewhere)):
        response = await former.get(ITEMS)
        assert response.status_code == 401
        assert response.json()["code"] == "invalid_token"
    token = {"refresh_token": elsewhere["refresh_token"]}
    response = await client.post(f"{AUTH_URL}/refresh", json=token)
    assert response.status_code == 401
    credentials = {"email": ALICE, "password": PASSWORD}
    response = await client.post(f"{AUTH_URL}/login", json=credentials)
    assert response.status_code == 401


async def test_a_disabled_account_keeps_what_it_has_until_it_is_enabled_again(
    app: App,
    admin: Client,
    alice: Client,
    client: Client,
) -> None:
    await alice.post(ITEMS, json={"name": "chair"})
    url = f"{USERS}/{await id_of(alice)}"
    await admin.patch(url, json={"is_active": False})
    response = await admin.patch(url, json={"is_active": True})
    assert response.json()["is_active"] is True
    former = await alice.get(ITEMS)
    assert former.status_code == 401
    tokens = await log_in(client, ALICE)
    listed = await with_token(app, tokens).get(ITEMS)
    assert listed.json()["total"] == 1


async def test_an_account_that_is_no_longer_active_has_no_access_whatever_its_sessions(
    alice: Client,
    database: Database,
) -> None:
    await change_user(database, ALICE, is_active=False)
    response = await alice.get(ITEMS)
    assert response.status_code == 401


async def test_a_promotion_holds_at_once(admin: Client, alice: Client) -> None:
    url = f"{USERS}/{await id_of(alice)}"
    refused = await alice.get(USERS)
    assert refused.status_code == 403
    response = await admin.patch(url, json={"scopes": ["admin"]})
    assert response.json()["scopes"] == ["admin"]
    allowed = await alice.get(USERS)
    assert allowed.status_code == 200


async def test_a_demotion_holds_at_once(admin: Client, alice: Client) -> None:
    url = f"{USERS}/{await id_of(alice)}"
    await alice.post(ITEMS, json={"name": "chair"})
    await admin.patch(url, json={"scopes": ["items:read"]})
    read = await alice.get(ITEMS)
    assert read.status_code == 200
    written = await alice.post(ITEMS, json={"name": "table"})
    assert written.status_code == 403
    challenge = written.headers["www-authenticate"]
    assert 'error="insufficient_scope", scope="items:write"' in challenge
    await admin.patch(url, json={"scopes": []})
    read = await alice.get(ITEMS)
    assert read.status_code == 403
    profile = await alice.get(ME)
    assert profile.status_code == 200


async def test_a_demoted_administrator_is_none_at_once(admin: Client) -> None:
    url = f"{USERS}/{await id_of(admin)}"
    await admin.patch(url, json={"scopes": ["items:read"]})
    response = await admin.get(USERS)
    assert response.status_code == 403


async def test_administrators_hold_every_scope(admin: Client) -> None:
    made = await admin.post(ITEMS, json={"name": "chair"})
    assert made.status_code == 201
    response = await admin.get(made.headers["location"])
    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"is_active": False}, {"scopes": ["admin"]}, {"scopes": []}, {}],
)
async def test_users_are_no_administrators(
    admin: Client,
    alice: Client,
    body: dict[str, object],
) -> None:
    own, others = await id_of(alice), await id_of(admin)
    for user_id in (own, others, str(uuid4())):
        response = await alice.patch(f"{USERS}/{user_id}", json=body)
        assert response.status_code == 403
        assert response.json()["code"] == "insufficient_scope"
    response = await alice.get(ME)
    assert response.json()["scopes"] == NEW_USER_SCOPES
    response = await admin.get(ME)
    assert response.json()["scopes"] == ["admin"]


async def test_an_account_that_is_not_there_is_404(admin: Client) -> None:
    response = await admin.patch(f"{USERS}/{uuid4()}", json={"is_active": False})
    assert response.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"is_active": None},
        {"is_active": "perhaps"},
        {"scopes": None},
        {"scopes": "admin"},
        {"scopes": ["root"]},
        {"scopes": ["admin"] * 100},
        {"email": "new@example.org"},
        {"password": PASSWORD},
    ],
)
async def test_what_administrators_cannot_change_is_422(
    admin: Client,
    alice: Client,
    body: dict[str, object],
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
    assert profile.json()["scopes"] == NEW_USER_SCOPES
    assert profile.json()["name"] is None
