"""The life of a key: made, listed, used, rotated, revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.auth.api_keys import parse_key
from app.core.database import Database
from app.models.base import utc_now
from tests.client import App, Client
from tests.principals import managing, with_key

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"

READ = {"name": "ci", "scopes": ["items:read"]}


async def made_by(manager: Client, **changes: object) -> dict[str, Any]:
    response = await manager.post(KEYS, json=READ | changes)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def status_of(app: App, made: dict[str, Any]) -> int:
    response = await with_key(app, made["key"]).get(ITEMS)
    return response.status_code


async def listed(manager: Client, made: dict[str, Any]) -> dict[str, Any]:
    response = await manager.get(KEYS)
    (found,) = [key for key in response.json()["items"] if key["id"] == made["id"]]
    shown: dict[str, Any] = found
    return shown


async def test_a_made_key_is_shown_once_and_works(app: App, manager: Client) -> None:
    response = await manager.post(KEYS, json=READ)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    made = response.json()
    key = parse_key(made["key"])
    assert key is not None
    assert made["prefix"] == key.prefix
    assert made["last4"] == key.last4
    assert (made["name"], made["scopes"]) == ("ci", ["items:read"])
    assert made["expires_at"] is made["revoked_at"] is made["last_used_at"] is None
    assert await status_of(app, made) == 200
    again = await listed(manager, made)
    del made["key"], made["last_used_at"], again["last_used_at"]
    assert again == made


async def test_a_key_does_what_its_scopes_say_and_no_more(
    app: App,
    manager: Client,
) -> None:
    made = await made_by(manager)
    caller = with_key(app, made["key"])
    read = await caller.get(ITEMS)
    written = await caller.post(ITEMS, json={"name": "chair"})
    assert (read.status_code, written.status_code) == (200, 403)
    challenge = written.headers["www-authenticate"]
    assert challenge.startswith('APIKey realm="')
    assert challenge.endswith('error="insufficient_scope", scope="items:write"')


async def test_keys_are_listed_a_page_at_a_time_the_newest_first(
    manager: Client,
) -> None:
    made = [await made_by(manager, name=f"key {number}") for number in range(3)]
    first = await manager.get(KEYS, params={"size": 2})
    page = first.json()
    assert [key["name"] for key in page["items"]] == ["key 2", "key 1"]
    assert page["total"] >= len(made)
    for key in page["items"]:
        assert set(key) == {
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
    second = await manager.get(KEYS, params={"size": 2, "page": 2})
    assert second.json()["items"][0]["name"] == "key 0"


@pytest.mark.parametrize("query", [{"size": 501}, {"size": 0}, {"page": 0}])
async def test_an_impossible_page_is_422(
    manager: Client,
    query: dict[str, int],
) -> None:
    response = await manager.get(KEYS, params=query)
    assert response.status_code == 422


async def test_a_revoked_key_is_worth_nothing_at_once(
    app: App,
    manager: Client,
) -> None:
    made = await made_by(manager)
    assert await status_of(app, made) == 200
    response = await manager.delete(f"{KEYS}/{made['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert await status_of(app, made) == 401
    again = await manager.delete(f"{KEYS}/{made['id']}")
    assert again.status_code == 204
    shown = await listed(manager, made)
    assert shown["revoked_at"] is not None


async def test_a_key_ends_when_it_was_to(
    app: App,
    manager: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = utc_now() + timedelta(hours=1)
    made = await made_by(manager, expires_at=ends.isoformat())
    assert datetime.fromisoformat(made["expires_at"]) == ends
    for distance, status in ((-1, 200), (0, 401), (1, 401)):
        now = ends + timedelta(microseconds=distance)
        with monkeypatch.context() as patches:
            patches.setattr(
                "app.auth.api_key_authenticator.utc_now", lambda now=now: now
            )
            assert await status_of(app, made) == status


async def test_a_moment_in_any_time_zone_is_kept_in_utc(manager: Client) -> None:
    made = await made_by(manager, expires_at="2100-01-01T00:00:00+02:00")
    assert made["expires_at"] == "2099-12-31T22:00:00Z"
    last = await made_by(manager, expires_at="9999-12-31T23:59:59Z")
    assert last["expires_at"] == "9999-12-31T23:59:59Z"


async def test_a_rotated_key_leaves_the_old_one_for_the_overlap(
    app: App,
    manager: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = await made_by(manager)
    url = f"{KEYS}/{old['id']}/rotate"
    response = await manager.post(url, json={"overlap_seconds": 3600})
    assert response.status_code == 201
    new = response.json()
    assert new["id"] != old["id"]
    assert (new["name"], new["scopes"]) == (old["name"], old["scopes"])
    assert [await status_of(app, key) for key in (old, new)] == [200, 200]
    shown = await listed(manager, old)
    ends = datetime.fromisoformat(shown["expires_at"])
    assert timedelta() <= utc_now() + timedelta(hours=1) - ends < timedelta(minutes=1)
    monkeypatch.setattr("app.auth.api_key_authenticator.utc_now", lambda: ends)
    assert [await status_of(app, key) for key in (old, new)] == [401, 200]


async def test_without_an_overlap_the_old_key_ends_at_once(
    app: App,
    manager: Client,
) -> None:
    old = await made_by(manager)
    response = await manager.post(f"{KEYS}/{old['id']}/rotate", json={})
    new = response.json()
    assert [await status_of(app, key) for key in (old, new)] == [401, 200]


async def test_what_a_key_has_made_its_successor_has(
    app: App,
    manager: Client,
) -> None:
    old = await made_by(manager, scopes=["items:read", "items:write"])
    item = await with_key(app, old["key"]).post(ITEMS, json={"name": "chair"})
    response = await manager.post(f"{KEYS}/{old['id']}/rotate", json={})
    new = response.json()
    found = await with_key(app, new["key"]).get(item.headers["location"])
    assert found.json() == item.json()


async def test_what_is_over_or_has_a_successor_is_not_rotated(manager: Client) -> None:
    revoked, rotated, ended = [await made_by(manager) for _ in range(3)]
    await manager.delete(f"{KEYS}/{revoked['id']}")
    url = f"{KEYS}/{rotated['id']}/rotate"
    await manager.post(url, json={"overlap_seconds": 60})
    await manager.post(f"{KEYS}/{ended['id']}/rotate", json={})
    for key in (revoked, rotated, ended):
        response = await manager.post(f"{KEYS}/{key['id']}/rotate", json={})
        assert response.status_code == 409
        assert response.json()["code"] == "api_key_over"


async def test_a_key_that_is_not_there_is_404(manager: Client) -> None:
    url = f"{KEYS}/{uuid4()}"
    revoked = await manager.delete(url)
    rotated = await manager.post(f"{url}/rotate", json={})
    assert (revoked.status_code, rotated.status_code) == (404, 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "ci"},
        {"scopes": ["items:read"]},
        READ | {"name": ""},
        READ | {"name": "a" * 201},
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
    manager: Client,
    body: dict[str, object],
) -> None:
    before = await manager.get(KEYS)
    response = await manager.post(KEYS, json=body)
    assert response.status_code == 422
    after = await manager.get(KEYS)
    assert after.json()["total"] == before.json()["total"]


@pytest.mark.parametrize(
    "body",
    [
        {"overlap_seconds": -1},
        {"overlap_seconds": 2_592_001},
        {"overlap_seconds": "soon"},
        {"overlap_seconds": 1e300},
        {"scopes": ["admin"]},
        {"owner_id": str(uuid4())},
        {"expires_at": "2100-01-01T00:00:00Z"},
    ],
)
async def test_an_impossible_rotation_is_422_and_changes_nothing(
    manager: Client,
    body: dict[str, object],
) -> None:
    made = await made_by(manager)
    response = await manager.post(f"{KEYS}/{made['id']}/rotate", json=body)
    assert response.status_code == 422
    shown = await listed(manager, made)
    assert shown["expires_at"] is None


async def test_nobody_is_given_somebody_elses_items_by_a_key(
    app: App,
    database: Database,
) -> None:
    first, second = [await managing(app, database) for _ in range(2)]
    scopes = ["items:read", "items:write"]
    one = await made_by(first, scopes=scopes)
    other = await made_by(second, scopes=scopes)
    item = await with_key(app, one["key"]).post(ITEMS, json={"name": "chair"})
    url = item.headers["location"]
    for method in ("GET", "PATCH", "DELETE"):
        body = {"name": "mine"} if method == "PATCH" else None
        response = await with_key(app, other["key"]).request(method, url, json=body)
        assert response.status_code == 404
    unchanged = await with_key(app, one["key"]).get(url)
    assert unchanged.json() == item.json()


async def test_times_are_utc(manager: Client) -> None:
    made = await made_by(manager)
    assert datetime.fromisoformat(made["created_at"]).tzinfo == UTC
    assert made["created_at"].endswith("Z")
