"""Behind a trusted proxy: its word about address and scheme is believed."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from tests.client import Client
from tests.logs import logged
from tests.settings import make_settings


@pytest.fixture
def settings(migrated_url: str) -> Settings:
    return make_settings(
        migrated_url,
        trusted_proxies="127.0.0.1, 10.0.0.0/8",
        rate_limit={"enabled": False},
    )


async def test_browsers_are_told_to_insist_on_tls_when_it_is_there(
    client: Client,
) -> None:
    tls = await client.get("/health/live", headers={"X-Forwarded-Proto": "https"})
    assert "max-age=" in tls.headers["strict-transport-security"]
    plain = await client.get("/health/live", headers={"X-Forwarded-Proto": "http"})
    assert "strict-transport-security" not in plain.headers


async def test_the_log_has_the_clients_address_and_not_a_forged_one(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    forwarded = "192.0.2.66, 203.0.113.7, 10.0.0.5"
    await client.get("/health/live", headers={"X-Forwarded-For": forwarded})
    (event,) = logged(capsys)
    assert event["client"] == "203.0.113.7"
