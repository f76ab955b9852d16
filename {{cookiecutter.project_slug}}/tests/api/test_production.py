from __future__ import annotations

import pytest

from app.core.settings import Settings
from tests.client import Client
from tests.settings import make_settings


@pytest.fixture
def settings(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # Loggers are made once outside tests, and would keep this test's output.
    monkeypatch.setattr("app.main.configure_logging", lambda _: None)
    return make_settings(migrated_url, environment="production")


@pytest.mark.parametrize("path", ["/docs", "/docs/init.js", "/openapi.json"])
async def test_production_serves_no_docs(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404


async def test_production_serves_the_rest(client: Client) -> None:
    response = await client.get("/health/ready")
    assert response.status_code == 200
