"""The life of a key: created, listed, used, rotated, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.auth.api_keys import parse_key
from app.core.database import Database
from app.models.base import utc_now
from app.scopes import ADMIN
from tests.client import App, Client
from tests.principals import make_key, use

KEYS = "/api/v1/api-keys"
NEW = {"name": "ci", "scopes": ["admin"]}
HOUR = timedelta(hours=1)


async def created_by(admin: Client, **changes: object) -> dict[str, Any]:
    response = await admin.post(KEYS, json=NEW | changes)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def status_of(app: App, created: dict[str, Any]) -> int:
    """Return the status of a call with the key."""
    response = await use(app, created["key"])
    return response.status_code


async def listed(admin: Client, created: dict[str, Any]) -> dict[str, Any]:
    """Return the key as the list shows it."""
    response = await admin.get(KEYS)
    (found,) = [key for key in response.json()["items"] if key["id"] == created["id"]]
    shown: dict[str, Any] = found
    return shown


async def test_a_created_key_works_and_is_shown_once(app: App, admin: Client) -> None:
    response = await admin.post(KEYS, json=NEW)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    created = response.json()
    key = parse_key(created["key"])
    assert key is not None
    assert (created["prefix"], created["last4"]) == (key.prefix, key.last4)
    assert (created["name"], created["scopes"]) == ("ci", ["admin"])
    assert created["expires_at"] is created["revoked_at"] is None
    assert created["last_used_at"] is None
    assert created["created_at"].endswith("Z")
    shown = await listed(admin, created)
    assert shown == {name: created[name] for name in created if name != "key"}
    assert await status_of(app, created) == 200
    shown = await listed(admin, created)
    assert shown["last_used_at"] is not None


async def test_a_key_may_do_what_its_scopes_say(app: App, database: Database) -> None:
    strong, weak = await make_key(database, ADMIN), await make_key(database)
    allowed, refused = await use(app, strong.key), await use(app, weak.key)
    assert (allowed.status_code, refused.status_code) == (200, 403)
    challenge = refused.headers["www-authenticate"]
    assert challenge.startswith('APIKey realm="')
    assert 'error="insufficient_scope", scope="' in challenge


async def test_keys_are_listed_a_page_at_a_time_newest_first(admin: Client) -> None:
    for number in range(3):
        await created_by(admin, name=f"key {number}")
    first = await admin.get(KEYS, params={"size": 2})
    second = await admin.get(KEYS, params={"size": 2, "page": 2})
    names = [key["name"] for page in (first, second) for key in page.json()["items"]]
    assert names[:3] == ["key 2", "key 1", "key 0"]
    assert first.json()["total"] >= 3


async def test_a_revoked_key_is_refused_at_once(app: App, admin: Client) -> None:
    created = await created_by(admin)
    for _ in range(2):
        response = await admin.delete(f"{KEYS}/{created['id']}")
        assert (response.status_code, response.content) == (204, b"")
    assert await status_of(app, created) == 401
    shown = await listed(admin, created)
    assert shown["revoked_at"] is not None


async def test_a_key_is_valid_until_it_expires(
    app: App, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = utc_now() + HOUR
    created = await created_by(admin, expires_at=ends.isoformat())
    assert datetime.fromisoformat(created["expires_at"]) == ends
    for now, status in ((ends - timedelta(microseconds=1), 200), (ends, 401)):
        monkeypatch.setattr(
            "app.auth.api_key_authenticator.utc_now", lambda now=now: now
        )
        assert await status_of(app, created) == status


async def test_a_rotated_key_stays_valid_for_the_overlap(
    app: App, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await created_by(admin)
    url = f"{KEYS}/{old['id']}/rotate"
    response = await admin.post(url, json={"overlap_seconds": 3600})
    assert response.status_code == 201
    new = response.json()
    assert new["id"] != old["id"]
    assert (new["name"], new["scopes"]) == (old["name"], old["scopes"])
    assert [await status_of(app, key) for key in (old, new)] == [200, 200]
    shown = await listed(admin, old)
    ends = datetime.fromisoformat(shown["expires_at"])
    assert timedelta() <= utc_now() + HOUR - ends < timedelta(minutes=1)
    monkeypatch.setattr("app.auth.api_key_authenticator.utc_now", lambda: ends)
    assert [await status_of(app, key) for key in (old, new)] == [401, 200]


async def test_without_an_overlap_the_old_key_ends_at_once(
    app: App,
    admin: Client,
) -> None:
    old = await created_by(admin)
    response = await admin.post(f"{KEYS}/{old['id']}/rotate", json={})
    new = response.json()
    assert [await status_of(app, key) for key in (old, new)] == [401, 200]


async def test_a_rotation_renews_the_lifetime_of_the_new_key_only(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await created_by(admin, expires_at=(utc_now() + 3 * HOUR).isoformat())
    ends = datetime.fromisoformat(old["expires_at"])
    lifetime = ends - datetime.fromisoformat(old["created_at"])
    now = ends - HOUR
    monkeypatch.setattr("app.services.api_keys.utc_now", lambda: now)
    url = f"{KEYS}/{old['id']}/rotate"
    response = await admin.post(url, json={"overlap_seconds": 7200})
    shown = await listed(admin, old)
    assert shown["expires_at"] == old["expires_at"]
    assert datetime.fromisoformat(response.json()["expires_at"]) == now + lifetime


async def test_a_key_that_is_over_or_replaced_is_not_rotated(admin: Client) -> None:
    revoked, rotated = [await created_by(admin) for _ in range(2)]
    await admin.delete(f"{KEYS}/{revoked['id']}")
    url = f"{KEYS}/{rotated['id']}/rotate"
    await admin.post(url, json={"overlap_seconds": 60})
    for key in (revoked, rotated):
        response = await admin.post(f"{KEYS}/{key['id']}/rotate", json={})
        assert response.status_code == 409
        assert response.json()["code"] == "api_key_over"


async def test_an_unknown_key_is_404(admin: Client) -> None:
    url = f"{KEYS}/{uuid4()}"
    revoked = await admin.delete(url)
    rotated = await admin.post(f"{url}/rotate", json={})
    assert (revoked.status_code, rotated.status_code) == (404, 404)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["root"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2100-01-01T00:00:00"},
        {"owner_id": str(uuid4())},
    ],
)
async def test_an_invalid_key_is_422(admin: Client, changes: dict[str, object]) -> None:
    response = await admin.post(KEYS, json=NEW | changes)
    assert response.status_code == 422
