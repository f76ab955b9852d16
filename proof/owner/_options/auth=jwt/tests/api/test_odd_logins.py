"""Logins that are odd, or that meet a change of the account."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.auth.credentials import Passwords
from app.core.database import Database
from app.models.session import UserSession
from app.models.user import User
from tests.accounts import (
    AUTH_URL,
    ME,
    PASSWORD,
    add_user,
    can_log_in,
    change_user,
    log_in,
    signed_in,
)
from tests.client import App, Client, connect, make_app
from tests.settings import AUTH, make_settings

LOGIN = f"{AUTH_URL}/login"
ADA = "ada@example.org"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ADA, "another password"),
        (ADA, ""),
        ("nobody@example.org", PASSWORD),
        ("disabled@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("", PASSWORD),
    ],
)
async def test_a_failed_login_takes_the_same_work_whatever_was_wrong(
    client: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    email: str,
    password: str,
) -> None:
    for address in (ADA, "disabled@example.org"):
        await add_user(database, address)
    await change_user(database, "disabled@example.org", is_active=False)
    verified: list[str] = []
    verify = Passwords.verify

    async def noting(passwords: Passwords, kept: str | None, given: str) -> bool:
        verified.append(given)
        return await verify(passwords, kept, given)

    monkeypatch.setattr(Passwords, "verify", noting)
    assert not await can_log_in(client, email, password)
    assert verified == [password]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"password": PASSWORD},
        {"email": "a" * 255, "password": PASSWORD},
        {"email": [ADA], "password": PASSWORD},
        {"username": ADA, "password": PASSWORD},
    ],
)
async def test_what_is_no_login_is_422_and_not_repeated(
    client: Client, body: dict[str, object]
) -> None:
    response = await client.post(LOGIN, json=body)
    assert response.status_code == 422
    assert PASSWORD not in response.text


@pytest.mark.parametrize("field", ["email", "password"])
async def test_half_a_character_is_no_failure_of_ours(
    client: Client,
    field: str,
) -> None:
    other = "password" if field == "email" else "email"
    content = json.dumps({field: "\ud800", other: "x"})
    headers = {"Content-Type": "application/json"}
    response = await client.post(LOGIN, content=content, headers=headers)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", field]


async def test_a_form_is_no_login(client: Client) -> None:
    form = {"username": ADA, "password": PASSWORD, "grant_type": "password"}
    response = await client.post(LOGIN, data=form)
    assert response.status_code == 415


async def test_a_login_renews_a_hash_of_earlier_parameters(
    client: Client, database: Database, migrated_url: str
) -> None:
    await add_user(database, ADA)
    earlier = await password_hash(database)
    await log_in(client, ADA)
    assert await password_hash(database) == earlier
    settings = make_settings(migrated_url, auth=AUTH | {"password_time_cost": 2})
    stronger = connect(make_app(settings, database))
    await log_in(stronger, ADA)
    renewed = await password_hash(database)
    assert renewed.startswith("$argon2id$v=19$m=8,t=2,p=1$")
    await log_in(stronger, ADA)
    assert await password_hash(database) == renewed


async def password_hash(database: Database) -> str:
    async with database.transaction(readonly=True) as session:
        found = await session.scalars(select(User.password_hash))
        return found.one()


@pytest.mark.parametrize("change", ["disable", "delete", "change the password"])
async def test_a_login_that_an_account_overtakes_starts_no_session(
    app: App,
    client: Client,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    ada = await signed_in(app, database, ADA)
    new_password = "another password for tests"

    async def overtake() -> None:
        if change == "disable":
            await change_user(database, ADA, is_active=False)
        elif change == "delete":
            body = {"current_password": PASSWORD}
            response = await ada.request("DELETE", ME, json=body)
            assert response.status_code == 204
        else:
            body = {"current_password": PASSWORD, "new_password": new_password}
            response = await ada.put(f"{ME}/password", json=body)
            assert response.status_code == 204

    verify = Passwords.verify

    async def verify_slowly(passwords: Passwords, kept: str, given: str) -> bool:
        matches = await verify(passwords, kept, given)
        monkeypatch.setattr(Passwords, "verify", verify)
        await overtake()
        return matches

    monkeypatch.setattr(Passwords, "verify", verify_slowly)
    body = {"email": ADA, "password": PASSWORD}
    response = await client.post(LOGIN, json=body)
    assert response.status_code == 401
    async with database.transaction(readonly=True) as session:
        sessions = await session.scalars(select(UserSession.created_at))
        started = len(sessions.all())
    # Disabling by hand leaves the session from before, which gives no access.
    assert started == (1 if change == "disable" else 0)


async def test_a_renewed_hash_never_brings_an_old_password_back(
    app: App,
    database: Database,
    migrated_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = await signed_in(app, database, ADA)
    new_password = "another password for tests"
    settings = make_settings(
        migrated_url,
        auth=AUTH | {"password_time_cost": 2},
        rate_limit={"enabled": False},
    )
    stronger = connect(make_app(settings, database))
    hashed = Passwords.hash

    async def hash_slowly(passwords: Passwords, password: str) -> str:
        monkeypatch.setattr(Passwords, "hash", hashed)
        body = {"current_password": PASSWORD, "new_password": new_password}
        response = await ada.put(f"{ME}/password", json=body)
        assert response.status_code == 204
        return await passwords.hash(password)

    monkeypatch.setattr(Passwords, "hash", hash_slowly)
    await log_in(stronger, ADA)
    await log_in(stronger, ADA, new_password)
