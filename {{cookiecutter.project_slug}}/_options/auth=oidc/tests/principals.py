"""Who calls in the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.database import Database
from app.scopes.base import Scope
from tests.client import App, Client, connect
from tests.issuer import DISCOVERY, ISSUER, USUAL_SCOPES, Issuer

ME = "/api/v1/me"

# How callers say who they are, as the OpenAPI document has it.
SCHEMES = {
    "oidc": {
        "type": "openIdConnect",
        "openIdConnectUrl": f"{ISSUER.url}{DISCOVERY}",
    }
}
BAD_CREDENTIALS = [{"authorization": "Bearer nonsense"}]


async def holding(app: App, database: Database, *scopes: Scope) -> Client:
    """Return a client with a token that grants these scopes."""
    del database
    return signed_in(app, "ada", " ".join(scopes))


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def signed_in(app: App, subject: str, scope: str | None = None) -> Client:
    """Return a client with a token of the provider."""
    granted = " ".join(USUAL_SCOPES) if scope is None else scope
    token = ISSUER.token(claims={"sub": subject, "scope": granted})
    return connect(app, **bearer(token))


@pytest.fixture
def alice(app: App) -> Client:
    """Return a signed-in client."""
    return signed_in(app, "alice")


@pytest.fixture
def bob(app: App) -> Client:
    """Return another signed-in client."""
    return signed_in(app, "bob")


@pytest.fixture
def admin(app: App) -> Client:
    """Return the client of an administrator."""
    return signed_in(app, "admin", "admin")


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets for how many seconds the provider is waited for."""

    def wait_for(seconds: float) -> None:
        monkeypatch.setattr("app.auth.provider.FETCH_SECONDS", seconds)
        monkeypatch.setattr("app.auth.http_client.FETCH_SECONDS", seconds)

    return wait_for


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a provider of the test's own, which may fail."""
    issuer = Issuer()
    yield issuer
    issuer.close()


def credentials(server_url: str, directory: Path, database_url: str) -> dict[str, str]:
    """Return the headers of a caller of the server at that address."""
    del server_url, directory, database_url
    return bearer(ISSUER.token())
