from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from app.auth.passwords import Passwords
from app.auth.tokens import read_access_token
from app.core.database import Database
from app.core.settings import Settings
from app.models.session import UserSession
from app.models.user import User
from tests.accounts import (
    AUTH_URL,
    ME,
    PASSWORD,
    change_user,
    log_in,
    register,
    signed_in,
    with_token,
)
from tests.client import App, Client, connect, make_app
from tests.settings import AUTH, make_settings

LOGIN = f"{AUTH_URL}/login"
ADA = "ada@example.org"


async def password_hash(database: Database) -> str:
    async with database.transaction(readonly=True) as session:
        found: str | None = await session.scalar(select(User.password_hash))
    assert found is not None
    return found


def told(problem: dict[str, Any]) -> dict[str, Any]:
    """Return what a caller is told that is the same for each request."""
    return {name: problem[name] for name in problem if name != "request_id"}


async def test_a_login_gives_tokens(client: Client, settings: Settings) -> None:
    user_id = await register(client, ADA)
    body = {"email": ADA, "password": PASSWORD}
    response = await client.post(LOGIN, json=body)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    tokens = response.json()
    fields = {"access_token", "refresh_token", "token_type", "expires_in"}
    assert set(tokens) == fields
    assert tokens["token_type"] == "bearer"
    header = jwt.get_unverified_header(tokens["access_token"])
    assert header == {"alg": "HS256", "typ": "at+jwt"}
    claims = read_access_token(settings.auth, tokens["access_token"])
    assert str(claims.sub) == user_id
    assert tokens["expires_in"] == claims.exp - claims.iat == 900


async def test_each_login_is_a_session_of_its_own(app: App, client: Client) -> None:
    await register(client, ADA)
    first = await log_in(client, ADA)
    second = await log_in(client, ADA)
    assert first["refresh_token"] != second["refresh_token"]
    body = {"refresh_token": first["refresh_token"]}
    await client.post(f"{AUTH_URL}/logout", json=body)
    ended = await with_token(app, first).get(ME)
    assert ended.status_code == 401
    lives = await with_token(app, second).get(ME)
    assert lives.status_code == 200


async def test_who_is_wrong_is_told_the_same_whatever_is_wrong(
    app: App,
    client: Client,
    database: Database,
) -> None:
    for email in (ADA, "disabled@example.org"):
        await register(client, email)
    await change_user(database, "disabled@example.org", is_active=False)
    deleted = await signed_in(app, database, "deleted@example.org")
    body = {"current_password": PASSWORD}
    await deleted.request("DELETE", ME, json=body)
    answers = []
    for email, password in [
        (ADA, "a wrong password"),
        (ADA, ""),
        ("nobody@example.org", PASSWORD),
        ("disabled@example.org", PASSWORD),
        ("deleted@example.org", PASSWORD),
        ("no address", PASSWORD),
    ]:
        body = {"email": email, "password": password}
        response = await client.post(LOGIN, json=body)
        assert response.status_code == 401
        challenge = response.headers["www-authenticate"]
        answers.append((told(response.json()), challenge))
    assert answers == [answers[0]] * len(answers)
    problem, challenge = answers[0]
    assert problem["code"] == "invalid_credentials"
    assert challenge.startswith("Bearer realm=")
    assert "error" not in challenge


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": ADA},
        {"password": PASSWORD},
        {"email": ADA, "password": None},
        {"email": ADA, "password": "a" * 129},
        {"email": "a" * 255, "password": PASSWORD},
        {"email": [ADA], "password": PASSWORD},
        {"username": ADA, "password": PASSWORD},
    ],
)
async def test_what_is_no_login_is_422(client: Client, body: dict[str, object]) -> None:
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
    await register(client, ADA)
    form = {"username": ADA, "password": PASSWORD, "grant_type": "password"}
    response = await client.post(LOGIN, data=form)
    assert response.status_code == 415


async def test_a_login_renews_a_hash_of_earlier_parameters(
    client: Client,
    database: Database,
    migrated_url: str,
) -> None:
    await register(client, ADA)
    earlier = await password_hash(database)
    assert "$m=8,t=1,p=1$" in earlier
    await log_in(client, ADA)
    assert await password_hash(database) == earlier
    settings = make_settings(migrated_url, auth=AUTH | {"password_time_cost": 2})
    stronger = connect(make_app(settings, database))
    await log_in(stronger, ADA)
    renewed = await password_hash(database)
    assert "$m=8,t=2,p=1$" in renewed
    await log_in(stronger, ADA)
    assert await password_hash(database) == renewed


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
