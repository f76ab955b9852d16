"""What callers send to say who they are (RFC 9110 section 11)."""

from __future__ import annotations

from typing import Any

import pytest

from app.auth.api_keys import Key, parse_key
from app.auth.api_keys import make_key as new_key
from app.core.database import Database
from app.scopes import ADMIN
from tests.client import App, Client
from tests.principals import ADMIN_ONLY, make_key, with_key


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": ""}, {"Authorization": "Bearer nonsense"}]
)
async def test_a_caller_without_a_key_is_asked_for_one(
    client: Client, headers: dict[str, str]
) -> None:
    response = await client.get(ADMIN_ONLY, headers=headers)
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
    assert response.headers["cache-control"] == "no-store"
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('APIKey realm="')
    assert "error=" not in challenge


async def test_a_wrong_key_is_refused_whatever_is_wrong_with_it(
    app: App, database: Database
) -> None:
    made = await make_key(database, ADMIN)
    key = parse_key(made.key)
    assert key is not None
    wrong_secret = Key(key.id, new_key().secret)
    for text in (made.key[:-1], new_key().text, wrong_secret.text):
        response = await with_key(app, text).get(ADMIN_ONLY)
        assert response.status_code == 401
        assert response.json()["code"] == "invalid_token"
        challenge = response.headers["www-authenticate"]
        assert challenge.endswith('", error="invalid_token"')


async def test_two_keys_at_once_are_400(client: Client, database: Database) -> None:
    made = await make_key(database, ADMIN)
    two: list[Any] = [("X-API-Key", made.key)] * 2
    response = await client.get(ADMIN_ONLY, headers=two)
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"


async def test_other_credentials_beside_a_key_are_ignored(admin: Client) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    response = await admin.get(ADMIN_ONLY, headers=headers)
    assert response.status_code == 200
