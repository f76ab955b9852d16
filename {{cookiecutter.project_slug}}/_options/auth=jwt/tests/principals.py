"""Who calls in the tests."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from tests.client import App, Client, connect

PASSWORD = "a password for tests"

_numbers = count(1)


def new_email() -> str:
    """Return an address that nobody has yet."""
    return f"user{next(_numbers)}@example.org"


async def register(client: Client, email: str, password: str = PASSWORD) -> str:
    """Make an account and return its id."""
    body = {"email": email, "password": password}
    response = await client.post("/api/v1/auth/register", json=body)
    assert response.status_code == 201, response.text
    user_id: str = response.json()["id"]
    return user_id


async def log_in(
    client: Client,
    email: str,
    password: str = PASSWORD,
) -> dict[str, Any]:
    """Start a session and return its tokens."""
    body = {"email": email, "password": password}
    response = await client.post("/api/v1/auth/login", json=body)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


async def signed_in(app: App, email: str) -> Client:
    """Return a client with a new account."""
    anonymous = connect(app)
    await register(anonymous, email)
    tokens = await log_in(anonymous, email)
    return connect(app, authorization=f"Bearer {tokens['access_token']}")


@pytest.fixture
async def alice(app: App) -> Client:
    """Return a signed-in client."""
    return await signed_in(app, "alice@example.org")


@pytest.fixture
async def bob(app: App) -> Client:
    """Return another signed-in client."""
    return await signed_in(app, "bob@example.org")
