"""Changes to one's own account that clients seldom make."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import delete, select

from app.core.database import Database
from app.models.user import User
from app.repositories.users import SqlAccountRepository
from tests.accounts import ME, PASSWORD, can_log_in, change_user
from tests.client import Client

ALICE = "alice@example.org"
NEW_PASSWORD = "another password for tests"


async def test_an_empty_change_changes_nothing(alice: Client) -> None:
    before = await alice.get(ME)
    response = await alice.patch(ME, json={})
    assert response.status_code == 200
    assert response.json() == before.json()


async def test_the_same_address_in_another_case_needs_no_password(
    alice: Client,
) -> None:
    response = await alice.patch(ME, json={"email": ALICE.upper()})
    assert response.status_code == 200
    assert response.json()["email"] == ALICE.upper()


async def test_an_address_that_only_looks_like_the_own_one_needs_the_password(
    alice: Client,
) -> None:
    body = {"email": "ada@straße.de", "current_password": PASSWORD}
    response = await alice.patch(ME, json=body)
    assert response.status_code == 200
    response = await alice.patch(ME, json={"email": "ada@strasse.de"})
    assert response.status_code == 403


@pytest.mark.parametrize("password", ["", NEW_PASSWORD])
async def test_a_new_address_needs_the_password(alice: Client, password: str) -> None:
    before = await alice.get(ME)
    body = {"email": "new@example.org", "name": "New", "current_password": password}
    response = await alice.patch(ME, json=body)
    assert response.status_code == 403
    after = await alice.get(ME)
    assert after.json() == before.json()


@pytest.mark.parametrize("body", [{"name": "a\x00b"}, {"current_password": "a" * 129}])
async def test_an_impossible_change_is_422(
    alice: Client,
    body: dict[str, object],
) -> None:
    response = await alice.patch(ME, json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", *body]


@pytest.mark.parametrize("current", ["", NEW_PASSWORD])
async def test_a_new_password_needs_the_current_one(
    alice: Client, client: Client, current: str
) -> None:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    response = await alice.put(f"{ME}/password", json=body)
    assert response.status_code == 403
    assert await can_log_in(client, ALICE)
    assert not await can_log_in(client, ALICE, NEW_PASSWORD)


async def test_a_new_password_that_is_too_long_is_422(alice: Client) -> None:
    body = {"current_password": PASSWORD, "new_password": "a" * 129}
    response = await alice.put(f"{ME}/password", json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "new_password"]


async def test_an_account_is_not_deleted_with_null_as_password(alice: Client) -> None:
    response = await alice.request("DELETE", ME, json={"current_password": None})
    assert response.status_code == 422
    response = await alice.get(ME)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        ("PATCH", ME, {"name": "A"}),
        (
            "PUT",
            f"{ME}/password",
            {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
        ),
        ("DELETE", ME, {"current_password": PASSWORD}),
    ],
)
@pytest.mark.parametrize("change", ["disable", "delete", "change the password"])
async def test_an_account_that_changes_meanwhile_refuses_the_token(
    alice: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    request_: tuple[str, str, dict[str, str]],
    change: str,
) -> None:
    find = SqlAccountRepository.find

    async def overtake(accounts: SqlAccountRepository, user_id: UUID) -> User | None:
        found = await find(accounts, user_id)
        if change == "disable":
            await change_user(database, ALICE, is_active=False)
        elif change == "delete":
            async with database.transaction() as session:
                await session.execute(delete(User))
        else:
            await change_user(database, ALICE, password_hash="another")
        return found

    monkeypatch.setattr(SqlAccountRepository, "find", overtake)
    method, path, body = request_
    response = await alice.request(method, path, json=body)
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    async with database.transaction(readonly=True) as session:
        kept = await session.scalar(select(User.name).where(User.email == ALICE))
    assert kept is None
