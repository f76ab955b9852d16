"""Who calls in the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.database import Database
from app.scopes import Scope
from tests.client import App, Client, connect
from tests.issuer import DISCOVERY, ISSUER

ME = "/api/v1/me"

# How callers say who they are, as the OpenAPI document has it.
SCHEMES = {
    "oidc": {
        "type": "openIdConnect",
        "openIdConnectUrl": f"{ISSUER.url}{DISCOVERY}",
    }
}
BAD_CREDENTIALS = [{"authorization": "Bearer nonsense"}]


async def holding(app: App, _database: Database, *scopes: Scope) -> Client:
    """Return a client with a token that grants these scopes."""
    return signed_in(app, sub="ada", scope=" ".join(scopes))


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def signed_in(app: App, **claims: object) -> Client:
    """Return a client with a token of the provider that has these claims."""
    return connect(app, **bearer(ISSUER.token(**claims)))


@pytest.fixture
def alice(app: App) -> Client:
    """Return a signed-in client."""
    return signed_in(app, sub="alice")


@pytest.fixture
def bob(app: App) -> Client:
    """Return another signed-in client."""
    return signed_in(app, sub="bob")


@pytest.fixture
def admin(app: App) -> Client:
    """Return the client of an administrator."""
    return signed_in(app, sub="admin", scope="admin")


def credentials(
    _server_url: str, _directory: Path, _database_url: str
) -> dict[str, str]:
    """Return the headers of a caller of the server at that address."""
    return bearer(ISSUER.token())
