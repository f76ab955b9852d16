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


async def test_other_addresses_of_its_ipv6_network_do_not_help(alice: Client) -> None:
    for address in ("2001:db8::1", "[2001:db8::2]:4711", "2001:DB8::ff:0:0:3"):
        response = await alice.get(ITEMS, headers=from_address(address))
    assert response.status_code == 429
    neighbour = await alice.get(ITEMS, headers=from_address("2001:db8:0:1::1"))
    assert neighbour.status_code == 200


async def test_other_spellings_of_its_address_do_not_help(alice: Client) -> None:
    for address in ("192.0.2.6", "::ffff:192.0.2.6", "192.0.2.6:4711"):
        response = await alice.get(ITEMS, headers=from_address(address))
    assert response.status_code == 429


async def test_several_headers_are_one_list(alice: Client) -> None:
    for number in range(3):
        headers = [
            ("X-Forwarded-For", f"198.51.100.{number}"),
            ("X-Forwarded-For", "192.0.2.7:4711"),
            ("X-Forwarded-For", "127.0.0.1"),
        ]
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
