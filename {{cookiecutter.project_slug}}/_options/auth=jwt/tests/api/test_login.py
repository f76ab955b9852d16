from __future__ import annotations

import jwt
import pytest

from app.auth.tokens import read_access_token
from app.core.database import Database
from app.core.settings import Settings
from tests.accounts import AUTH_URL, PASSWORD, add_user, change_user
from tests.client import Client

LOGIN = f"{AUTH_URL}/login"
ADA = "ada@example.org"


async def test_a_login_gives_tokens(
    client: Client, database: Database, settings: Settings
) -> None:
    user_id = await add_user(database, ADA)
    response = await client.post(LOGIN, json={"email": ADA, "password": PASSWORD})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    tokens = response.json()
    fields = {"access_token", "refresh_token", "token_type", "expires_in"}
    assert set(tokens) == fields
    assert tokens["token_type"] == "bearer"
    header = jwt.get_unverified_header(tokens["access_token"])
    assert header == {"alg": "HS256", "typ": "at+jwt"}
    claims = read_access_token(settings.auth, tokens["access_token"])
    assert claims.sub == user_id
    assert tokens["expires_in"] == claims.exp - claims.iat == 900


async def test_a_failed_login_does_not_say_what_was_wrong(
    client: Client, database: Database
) -> None:
    for email in (ADA, "disabled@example.org"):
        await add_user(database, email)
    await change_user(database, "disabled@example.org", is_active=False)
    problems = []
    for email, password in [
        (ADA, "a wrong password"),
        ("nobody@example.org", PASSWORD),
        ("disabled@example.org", PASSWORD),
        ("no address", PASSWORD),
    ]:
        response = await client.post(LOGIN, json={"email": email, "password": password})
        assert response.status_code == 401
        challenge = response.headers["www-authenticate"]
        assert challenge.startswith("Bearer realm=")
        assert "error" not in challenge
        problem = response.json()
        del problem["request_id"]
        problems.append(problem)
    assert problems == [problems[0]] * len(problems)
    assert problems[0]["code"] == "invalid_credentials"


@pytest.mark.parametrize(
    "body",
    [
        {"email": ADA},
        {"email": ADA, "password": None},
        {"email": ADA, "password": "a" * 129},
        {"username": ADA, "password": PASSWORD},
    ],
)
async def test_what_is_no_login_is_422(client: Client, body: dict[str, object]) -> None:
    response = await client.post(LOGIN, json=body)
    assert response.status_code == 422
