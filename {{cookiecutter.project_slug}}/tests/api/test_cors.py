from __future__ import annotations

import pytest

from app.core.settings import Settings
from tests.client import Client
from tests.settings import make_settings

ORIGIN = {"Origin": "https://a.example"}


@pytest.fixture
def settings(migrated_url: str) -> Settings:
    return make_settings(migrated_url, cors={"origins": "https://a.example"})


async def test_a_listed_origin_may_read_failures_too(client: Client) -> None:
    for path in ("/health/live", "/nowhere"):
        response = await client.get(path, headers=ORIGIN)
        assert response.headers["access-control-allow-origin"] == ORIGIN["Origin"]
        assert "Location" in response.headers["access-control-expose-headers"]
        assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://a.example"])
async def test_another_origin_may_not(client: Client, origin: str) -> None:
    response = await client.get("/health/live", headers={"Origin": origin})
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["vary"] == "Origin"


async def test_a_preflight_is_answered_without_credentials(client: Client) -> None:
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    response = await client.request("OPTIONS", "/health", headers=ORIGIN | asked)
    assert response.status_code == 204
    assert response.content == b""
    headers = response.headers
    assert headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert "PATCH" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "authorization, content-type"
    assert "access-control-allow-credentials" not in headers
