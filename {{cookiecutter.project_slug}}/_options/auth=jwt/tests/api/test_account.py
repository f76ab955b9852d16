"""What users do with their own accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from app.core.database import Database
from app.models.item import Item
from app.models.session import RefreshToken, UserSession
from app.models.user import User
from app.repositories.users import SqlUserRepository
from tests.accounts import AUTH_URL, ME, PASSWORD, log_in, signed_in, with_token
from tests.client import App, Client

ALICE = "alice@example.org"
NEW_PASSWORD = "another password for tests"


async def test_one_sees_ones_own_account(alice: Client) -> None:
    response = await alice.get(ME)
    assert response.status_code == 200
    user = response.json()
    assert user["email"] == ALICE
    fields = {"id", "email", "name", "scopes", "is_active", "created_at", "updated_at"}
    assert set(user) == fields


async def test_a_name_changes_without_the_password(alice: Client) -> None:
    before = await alice.get(ME)
    response = await alice.patch(ME, json={"name": "Alice"})
    assert response.status_code == 200
    changed = response.json()
    assert changed["updated_at"] > before.json()["updated_at"]
    kept = {"name": "Alice", "updated_at": changed["updated_at"]}
    assert changed == before.json() | kept
    found = await alice.get(ME)
    assert found.json() == changed
    cleared = await alice.patch(ME, json={"name": None})
    assert cleared.json()["name"] is None


async def test_an_empty_change_changes_nothing(alice: Client) -> None:
    before = await alice.get(ME)
    response = await alice.patch(ME, json={})
    assert response.status_code == 200
    assert response.json() == before.json()


@pytest.mark.parametrize("password", [None, "", "a wrong password", NEW_PASSWORD])
async def test_a_new_address_needs_the_password(
    alice: Client,
    password: str | None,
) -> None:
    before = await alice.get(ME)
    body = {"email": "new@example.org", "name": "New", "current_password": password}
    response = await alice.patch(ME, json=body)
    assert_is_wrong_password(response)
    after = await alice.get(ME)
    assert after.json() == before.json()


async def test_with_the_password_the_address_changes(
    alice: Client,
    client: Client,
) -> None:
    body = {"email": "New@Example.org", "current_password": PASSWORD}
    response = await alice.patch(ME, json=body)
    assert response.status_code == 200
    assert response.json()["email"] == "new@example.org"
    await log_in(client, "new@example.org")
    former = {"email": ALICE, "password": PASSWORD}
    response = await client.post(f"{AUTH_URL}/login", json=former)
    assert response.status_code == 401


@pytest.mark.usefixtures("bob")
async def test_somebody_elses_address_is_taken(alice: Client) -> None:
    body = {"email": "BOB@example.org", "current_password": PASSWORD}
    response = await alice.patch(ME, json=body)
    assert response.status_code == 409
    assert response.json()["code"] == "email_taken"
    unchanged = await alice.get(ME)
    assert unchanged.json()["email"] == ALICE


@pytest.mark.parametrize(
    "body",
    [
        {"email": None},
        {"email": "no address"},
        {"name": ""},
        {"name": "a" * 201},
        {"name": "a\x00b"},
        {"current_password": "a" * 129},
    ],
)
async def test_an_impossible_change_is_422(
    alice: Client,
    body: dict[str, object],
) -> None:
    response = await alice.patch(ME, json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", *body]


def assert_is_wrong_password(response: Any) -> None:  # noqa: ANN401
    assert response.status_code == 403
    assert response.json()["code"] == "wrong_password"
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("current", ["", "a wrong password", NEW_PASSWORD])
async def test_a_new_password_needs_the_current_one(
    alice: Client,
    client: Client,
    current: str,
) -> None:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    response = await alice.put(f"{ME}/password", json=body)
    assert_is_wrong_password(response)
    await log_in(client, ALICE)


async def test_a_new_password_ends_every_session(
    app: App,
    alice: Client,
    client: Client,
) -> None:
    elsewhere = await log_in(client, ALICE)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    response = await alice.put(f"{ME}/password", json=body)
    assert response.status_code == 204
    assert response.content == b""
    for signed_in_before in (alice, with_token(app, elsewhere)):
        response = await signed_in_before.get(ME)
        assert response.status_code == 401
    token = {"refresh_token": elsewhere["refresh_token"]}
    response = await client.post(f"{AUTH_URL}/refresh", json=token)
    assert response.status_code == 401
    former = {"email": ALICE, "password": PASSWORD}
    response = await client.post(f"{AUTH_URL}/login", json=former)
    assert response.status_code == 401
    await log_in(client, ALICE, NEW_PASSWORD)


@pytest.mark.parametrize("new", ["a" * 14, "a" * 129, "passwordpassword", ALICE])
async def test_a_bad_new_password_is_422_and_ends_nothing(
    alice: Client,
    new: str,
) -> None:
    body = {"current_password": PASSWORD, "new_password": new}
    response = await alice.put(f"{ME}/password", json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "new_password"]
    response = await alice.get(ME)
    assert response.status_code == 200


@pytest.mark.parametrize("body", [{}, {"current_password": None}])
async def test_an_account_is_not_deleted_without_a_password(
    alice: Client,
    body: dict[str, object],
) -> None:
    response = await alice.request("DELETE", ME, json=body)
    assert response.status_code == 422
    response = await alice.get(ME)
    assert response.status_code == 200


async def test_an_account_is_not_deleted_with_a_wrong_password(alice: Client) -> None:
    body = {"current_password": "a wrong password"}
    response = await alice.request("DELETE", ME, json=body)
    assert_is_wrong_password(response)
    response = await alice.get(ME)
    assert response.status_code == 200


async def test_a_deleted_account_takes_all_that_is_its_own_along(
    client: Client,
    alice: Client,
    bob: Client,
    database: Database,
) -> None:
    for person, email in ((alice, ALICE), (bob, "bob@example.org")):
        await person.post("/api/v1/items", json={"name": "chair"})
        await log_in(client, email)
    body = {"current_password": PASSWORD}
    response = await alice.request("DELETE", ME, json=body)
    assert response.status_code == 204
    assert response.content == b""
    async with database.transaction(readonly=True) as session:
        left = {
            model: await session.scalar(select(func.count()).select_from(model))
            for model in (User, UserSession, RefreshToken, Item)
        }
    assert left == {User: 1, UserSession: 2, RefreshToken: 1, Item: 1}
    listed = await bob.get("/api/v1/items")
    assert listed.json()["total"] == 1


async def test_a_deleted_account_loses_access_at_once(
    app: App,
    alice: Client,
    client: Client,
) -> None:
    elsewhere = await log_in(client, ALICE)
    body = {"current_password": PASSWORD}
    await alice.request("DELETE", ME, json=body)
    for former in (alice, with_token(app, elsewhere)):
        response = await former.get("/api/v1/items")
        assert response.status_code == 401
    token = {"refresh_token": elsewhere["refresh_token"]}
    response = await client.post(f"{AUTH_URL}/refresh", json=token)
    assert response.status_code == 401


async def test_the_address_of_a_deleted_account_is_free_again(
    app: App,
    database: Database,
    alice: Client,
) -> None:
    await alice.post("/api/v1/items", json={"name": "chair"})
    await alice.request("DELETE", ME, json={"current_password": PASSWORD})
    newcomer = await signed_in(app, database, ALICE)
    listed = await newcomer.get("/api/v1/items")
    assert listed.json()["total"] == 0
    response = await alice.get(ME)
    assert response.status_code == 401


@pytest.mark.parametrize(("method", "status"), [("PATCH", 404), ("DELETE", 204)])
async def test_an_account_that_is_deleted_meanwhile_is_gone(
    alice: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    status: int,
) -> None:
    find = SqlUserRepository.find

    async def find_and_lose(users: SqlUserRepository, user_id: UUID) -> User | None:
        found = await find(users, user_id)
        async with database.transaction() as session:
            await session.execute(delete(User))
        return found

    monkeypatch.setattr(SqlUserRepository, "find", find_and_lose)
    body = {"name": "A"} if method == "PATCH" else {"current_password": PASSWORD}
    response = await alice.request(method, ME, json=body)
    assert response.status_code == status
