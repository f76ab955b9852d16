"""Who calls in the tests."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from app.core.database import Database
from app.scopes import ADMIN, Scope
from tests.accounts import AUTH_URL, PASSWORD, signed_in
from tests.client import App, Client

# How callers say who they are, as the OpenAPI document has it.
SCHEMES = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
BAD_CREDENTIALS = [{"authorization": "Bearer nonsense"}]


async def holding(app: App, database: Database, *scopes: Scope) -> Client:
    """Return the client of a new user, who holds these scopes."""
    return await signed_in(app, database, f"{uuid4()}@example.org", list(scopes))


@pytest.fixture
async def alice(app: App, database: Database) -> Client:
    """Return a signed-in client."""
    return await signed_in(app, database, "alice@example.org")


@pytest.fixture
async def bob(app: App, database: Database) -> Client:
    """Return another signed-in client."""
    return await signed_in(app, database, "bob@example.org")


@pytest.fixture
async def admin(app: App, database: Database) -> Client:
    """Return the client of an administrator."""
    return await signed_in(app, database, "admin@example.org", [ADMIN])


def credentials(
    server_url: str, _directory: Path, _database_url: str
) -> dict[str, str]:
    """Return the headers of a caller of the server at that address."""
    body = {"email": "alice@example.org", "password": PASSWORD}
    with httpx2.Client(base_url=f"{server_url}{AUTH_URL}") as client:
        client.post("/register", json=body).raise_for_status()
        response = client.post("/login", json=body).raise_for_status()
    return {"Authorization": f"Bearer {response.json()['access_token']}"}
