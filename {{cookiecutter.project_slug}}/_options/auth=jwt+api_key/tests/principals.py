"""Who calls in the tests."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from httpx2 import Response

from app.core.database import Database
from app.models.user import User
from app.repositories.api_keys import SqlApiKeyRepository
from app.schemas.api_keys import ApiKeyCreate, ApiKeyCreated
from app.scopes import ADMIN, Scope
from app.services.api_keys import ApiKeyService
from tests.accounts import AUTH_URL, PASSWORD, signed_in
from tests.client import App, Client, connect
from tests.operations import operations

# How callers say who they are, as the OpenAPI document has it.
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
BAD_CREDENTIALS = [{"authorization": "Bearer nonsense"}, {"x_api_key": "nonsense"}]


async def make_key(database: Database, *scopes: Scope) -> ApiKeyCreated:
    """Make a key for a new user, who may do as much as the key."""
    # Not validated, since it may have no scope at all.
    data = ApiKeyCreate.model_construct(name="test", scopes=list(scopes))
    async with database.transaction() as session:
        email = f"{uuid4()}@example.org"
        user = User(email=email, password_hash="none", scopes=list(scopes))
        session.add(user)
        await session.flush()
        keys = ApiKeyService(SqlApiKeyRepository(session), [ADMIN], "test")
        return await keys.create(data, user.id)


def with_key(app: App, key: str) -> Client:
    """Return a client that sends the key."""
    return connect(app, x_api_key=key)


async def use(app: App, key: str) -> Response:
    """Send the key with a request that needs a scope: the first list there is."""
    caller = with_key(app, key)
    path = next(
        each.path
        for each in await operations(caller, "/api/v1/")
        if each.method == "get" and "apiKey" in each.schemes and "{" not in each.path
    )
    return await caller.get(path)


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
