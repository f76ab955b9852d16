"""What users do with their own accounts."""

from __future__ import annotations

import pytest
from httpx2 import Response
from sqlalchemy import func, select

from app.core.database import Database
from app.models.session import RefreshToken, UserSession
from app.models.user import User
from tests.accounts import ME, PASSWORD, can_log_in, has_access, log_in, refresh
from tests.client import App, Client

ALICE = "alice@example.org"
NEW_PASSWORD = "another password for tests"


def assert_is_wrong_password(response: Response) -> None:
    assert response.status_code == 403
    assert response.json()["code"] == "wrong_password"
    assert "www-authenticate" not in response.headers


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


@pytest.mark.parametrize("password", [None, "a wrong password"])
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


async def test_a_password_permits_a_new_address(alice: Client, client: Client) -> None:
    body = {"email": "New@Example.org", "current_password": PASSWORD}
    response = await alice.patch(ME, json=body)
    assert response.status_code == 200
    assert response.json()["email"] == "New@Example.org"
    assert await can_log_in(client, "new@example.org")
    assert not await can_log_in(client, ALICE)


@pytest.mark.usefixtures("bob")
async def test_somebody_elses_address_is_taken(alice: Client) -> None:
    body = {"email": "BOB@example.org", "current_password": PASSWORD}
    response = await alice.patch(ME, json=body)
    assert response.status_code == 409
    assert response.json()["code"] == "email_taken"


@pytest.mark.parametrize(
    "body",
    [{"email": None}, {"email": "no address"}, {"name": ""}, {"name": "a" * 201}],
)
async def test_a_bad_change_is_422(alice: Client, body: dict[str, object]) -> None:
    response = await alice.patch(ME, json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", *body]


async def test_a_new_password_needs_the_old_one(alice: Client, client: Client) -> None:
    body = {"current_password": "a wrong password", "new_password": NEW_PASSWORD}
    response = await alice.put(f"{ME}/password", json=body)
    assert_is_wrong_password(response)
    assert await can_log_in(client, ALICE)


async def test_a_new_password_ends_every_session(
    app: App, alice: Client, client: Client
) -> None:
    elsewhere = await log_in(client, ALICE)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    response = await alice.put(f"{ME}/password", json=body)
    assert response.status_code == 204
    assert response.content == b""
    assert not await has_access(app, elsewhere)
    for refused in [await alice.get(ME), await refresh(client, elsewhere)]:
        assert refused.status_code == 401
    assert not await can_log_in(client, ALICE)
    assert await can_log_in(client, ALICE, NEW_PASSWORD)


@pytest.mark.parametrize("new", ["a" * 14, "passwordpassword", ALICE])
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


async def test_an_account_is_not_deleted_without_its_password(alice: Client) -> None:
    response = await alice.request("DELETE", ME, json={})
    assert response.status_code == 422
    body = {"current_password": "a wrong password"}
    response = await alice.request("DELETE", ME, json=body)
    assert_is_wrong_password(response)
    response = await alice.get(ME)
    assert response.status_code == 200


@pytest.mark.usefixtures("bob")
async def test_a_deleted_account_leaves_nothing_behind(
    app: App, alice: Client, client: Client, database: Database
) -> None:
    elsewhere = await log_in(client, ALICE)
    response = await alice.request("DELETE", ME, json={"current_password": PASSWORD})
    assert response.status_code == 204
    assert response.content == b""
    assert not await has_access(app, elsewhere)
    for refused in [await alice.get(ME), await refresh(client, elsewhere)]:
        assert refused.status_code == 401
    assert not await can_log_in(client, ALICE)
    async with database.transaction(readonly=True) as session:
        left = {
            model: await session.scalar(select(func.count()).select_from(model))
            for model in (User, UserSession, RefreshToken)
        }
    # Those of the other account.
    assert left == {User: 1, UserSession: 1, RefreshToken: 0}
