"""Who calls in the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from httpx2 import Response

from app.core.database import Database
from app.core.ids import uuid7
from app.repositories.api_keys import SqlApiKeyRepository
from app.schemas.api_keys import ApiKeyCreate, ApiKeyCreated
from app.scopes import ADMIN, Scope, all_scopes
from app.services.api_keys import ApiKeyService
from tests.client import App, Client, connect
from tests.processes import run_app

USUAL_SCOPES = [scope for scope in all_scopes() if scope != ADMIN]

# What an administrator may read with a key, and nobody else.
ADMIN_ONLY = "/api/v1/api-keys"

# How callers say who they are, as the OpenAPI document has it.
SCHEMES = {"apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
BAD_CREDENTIALS = [{"x_api_key": "nonsense"}]


async def make_key(database: Database, *scopes: Scope) -> ApiKeyCreated:
    """Make a key for a new caller."""
    # Not validated, since it may have no scope at all.
    data = ApiKeyCreate.model_construct(name="test", scopes=list(scopes))
    async with database.transaction() as session:
        keys = ApiKeyService(SqlApiKeyRepository(session), [ADMIN], "test")
        return await keys.create(data, uuid7())


def with_key(app: App, key: str) -> Client:
    """Return a client that sends the key."""
    return connect(app, x_api_key=key)


async def use(app: App, key: str) -> Response:
    """Send the key with a request that needs a scope."""
    return await with_key(app, key).get(ADMIN_ONLY)


async def holding(app: App, database: Database, *scopes: Scope) -> Client:
    """Return a client with a key that holds these scopes."""
    made = await make_key(database, *scopes)
    return with_key(app, made.key)


@pytest.fixture
async def alice(app: App, database: Database) -> Client:
    """Return a client with a key."""
    return await holding(app, database, *USUAL_SCOPES)


@pytest.fixture
async def bob(app: App, database: Database) -> Client:
    """Return a client with another key."""
    return await holding(app, database, *USUAL_SCOPES)


@pytest.fixture
async def admin(app: App, database: Database) -> Client:
    """Return the client of an administrator."""
    return await holding(app, database, ADMIN)


def credentials(_server_url: str, directory: Path, database_url: str) -> dict[str, str]:
    """Return the headers of a caller of the server at that address.

    Its key is made as the first one always is: in the folder that the server runs in.
    """
    command = ("api-keys", "create", "--name", "test", "--scope", ADMIN)
    made = run_app(directory, *command, DATABASE__URL=database_url)
    assert made.returncode == 0, made.stderr
    return {"X-API-Key": made.stdout.strip()}
