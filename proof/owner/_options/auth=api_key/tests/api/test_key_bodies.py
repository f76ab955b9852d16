"""What requests about keys may say."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.client import Client

KEYS = "/api/v1/api-keys"

READ = {"name": "ci", "scopes": ["items:read"]}


async def made_by(admin: Client, **changes: object) -> dict[str, Any]:
    response = await admin.post(KEYS, json=READ | changes)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def listed(admin: Client, made: dict[str, Any]) -> dict[str, Any]:
    response = await admin.get(KEYS)
    (found,) = [key for key in response.json()["items"] if key["id"] == made["id"]]
    shown: dict[str, Any] = found
    return shown


@pytest.mark.parametrize("query", [{"size": 501}, {"size": 0}, {"page": 0}])
async def test_an_impossible_page_is_422(
    admin: Client,
    query: dict[str, int],
) -> None:
    response = await admin.get(KEYS, params=query)
    assert response.status_code == 422


async def test_a_moment_in_any_time_zone_is_kept_in_utc(admin: Client) -> None:
    made = await made_by(admin, expires_at="2100-01-01T00:00:00+02:00")
    assert made["expires_at"] == "2099-12-31T22:00:00Z"
    last = await made_by(admin, expires_at="9999-12-31T23:59:59Z")
    assert last["expires_at"] == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "ci"},
        {"scopes": ["items:read"]},
        READ | {"name": ""},
        READ | {"name": "a" * 201},
        READ | {"name": "a\x00"},
        READ | {"name": None},
        READ | {"scopes": []},
        READ | {"scopes": "items:read"},
        READ | {"scopes": ["root"]},
        READ | {"scopes": ["ADMIN"]},
        READ | {"scopes": ["items:read"] * 100},
        READ | {"scopes": [["admin"]]},
        READ | {"expires_at": "2020-01-01T00:00:00Z"},
        READ | {"expires_at": "2100-01-01T00:00:00"},
        READ | {"expires_at": "2100-01-01"},
        READ | {"expires_at": "9999-12-31T23:59:59-14:00"},
        READ | {"expires_at": "soon"},
        READ | {"expires_at": -1},
        READ | {"expires_at": 1e300},
        READ | {"expires_at": 4102444800},
        READ | {"expires_at": "4102444800"},
        READ | {"expires_at": True},
        READ | {"expires_at": "2100-01-01T00:00Z"},
        READ | {"owner_id": str(uuid4())},
        READ | {"user_id": str(uuid4())},
        READ | {"key_id": "a" * 8},
        READ | {"key": "app_aaaaaaaa_" + "a" * 49},
        READ | {"secret_hash": "0" * 64},
        READ | {"revoked_at": None},
        READ | {"last_used_at": None},
        READ | {"id": str(uuid4())},
    ],
)
async def test_an_impossible_key_is_422_and_is_not_made(
    admin: Client,
    body: dict[str, object],
) -> None:
    before = await admin.get(KEYS)
    response = await admin.post(KEYS, json=body)
    assert response.status_code == 422
    after = await admin.get(KEYS)
    assert after.json()["total"] == before.json()["total"]


@pytest.mark.parametrize(
    "body",
    [
        {"overlap_seconds": -1},
        {"overlap_seconds": 2_592_001},
        {"overlap_seconds": 0.5},
        {"overlap_seconds": "soon"},
        {"overlap_seconds": None},
        {"overlap_seconds": 1e300},
        {"overlap_seconds": "60"},
        {"overlap_seconds": 60.0},
        {"overlap_seconds": True},
        {"scopes": ["admin"]},
        {"owner_id": str(uuid4())},
        {"expires_at": "2100-01-01T00:00:00Z"},
    ],
)
async def test_an_impossible_rotation_is_422_and_changes_nothing(
    admin: Client,
    body: dict[str, object],
) -> None:
    made = await made_by(admin)
    response = await admin.post(f"{KEYS}/{made['id']}/rotate", json=body)
    assert response.status_code == 422
    shown = await listed(admin, made)
    assert shown["expires_at"] is None


async def test_lists_show_no_more_than_this_of_a_key(admin: Client) -> None:
    made = await made_by(admin)
    assert set(await listed(admin, made)) == {
        "id",
        "name",
        "prefix",
        "last4",
        "scopes",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "created_at",
    }
