"""What callers send to say who they are (RFC 6750 section 3)."""

from __future__ import annotations

import pytest

from app.core.database import Database
from app.scopes import ADMIN
from tests.accounts import ME
from tests.client import App, Client
from tests.principals import make_key, use


@pytest.fixture
async def key(database: Database) -> str:
    """Return a good key."""
    made = await make_key(database, ADMIN)
    return made.key


async def test_a_caller_without_credentials_is_told_of_both_ways(
    client: Client,
) -> None:
    response = await client.get(ME)
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="')
    assert ', APIKey realm="' in challenge
    assert "error=" not in challenge


async def test_either_is_accepted(app: App, alice: Client, key: str) -> None:
    by_token, by_key = await alice.get(ME), await use(app, key)
    assert (by_token.status_code, by_key.status_code) == (200, 200)


async def test_wrong_credentials_are_refused_by_their_own_scheme(
    client: Client, key: str
) -> None:
    for header, value, scheme in (
        ("Authorization", "Bearer nonsense", "Bearer"),
        ("Authorization", f"Bearer {key}", "Bearer"),
        ("X-API-Key", "nonsense", "APIKey"),
        ("X-API-Key", f"Bearer {key}", "APIKey"),
    ):
        response = await client.get(ME, headers={header: value})
        assert response.status_code == 401
        assert response.json()["code"] == "invalid_token"
        challenge = response.headers["www-authenticate"]
        assert challenge.startswith(f'{scheme} realm="')
        assert challenge.endswith('", error="invalid_token"')


async def test_both_at_once_are_400(alice: Client, key: str) -> None:
    response = await alice.get(ME, headers={"X-API-Key": key})
    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"
