from __future__ import annotations

import pytest

from app.core.settings import Settings
from tests.client import Client
from tests.settings import make_settings

ITEMS = "/api/v1/items"


@pytest.fixture
def settings(migrated_url: str) -> Settings:
    limits = {"requests": "2/day"}  # a minute may end in a test
    return make_settings(migrated_url, rate_limit=limits, trusted_proxies="127.0.0.1")


def from_address(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def test_answers_say_what_is_left(alice: Client) -> None:
    response = await alice.get(ITEMS, headers=from_address("192.0.2.1"))
    assert response.status_code == 200
    assert response.headers["ratelimit-limit"] == "2"
    assert response.headers["ratelimit-remaining"] == "1"
    assert int(response.headers["ratelimit-reset"]) >= 1


async def test_a_forged_address_does_not_help(alice: Client) -> None:
    for number in range(3):
        headers = from_address(f"198.51.100.{number}, 192.0.2.3")
        response = await alice.get(ITEMS, headers=headers)
    assert response.status_code == 429


async def test_others_are_not_affected(alice: Client) -> None:
    for _ in range(3):
        await alice.get(ITEMS, headers=from_address("192.0.2.4"))
    response = await alice.get(ITEMS, headers=from_address("192.0.2.5"))
    assert response.status_code == 200


async def test_health_is_never_limited(alice: Client) -> None:
    for _ in range(4):
        response = await alice.get("/health/ready")
        assert response.status_code == 200
