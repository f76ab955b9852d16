"""Whose key calls; no database is needed to test it."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.auth import api_key_authenticator
from app.auth.api_key_authenticator import KeyHolder, authenticate_key, record_use
from app.auth.api_keys import Key, make_key
from app.auth.errors import InvalidTokenError
from app.models.base import utc_now
from app.repositories.api_keys import KeyAccess
from app.scopes.items import ITEMS_READ

if TYPE_CHECKING:
    from uuid import UUID

    from app.core.database import Database, Session

HERE = "192.0.2.1"
NO_SESSION = cast("Session", None)
NO_DATABASE = cast("Database", None)
NOW = utc_now()
KEY = make_key()
OTHER = make_key()

ACCESS = KeyAccess(
    id=uuid4(),
    owner_id=uuid4(),
    scopes=["items:read"],
    secret_hash=KEY.secret_hash,
    expires_at=None,
    revoked_at=None,
    last_used_at=None,
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, KeyAccess]:
    """Return the keys that there are; take the place of the database with them."""
    keys = {KEY.id: ACCESS}

    async def find_key_access(_: Session, key_id: str) -> KeyAccess | None:
        return keys.get(key_id)

    monkeypatch.setattr(api_key_authenticator, "find_key_access", find_key_access)
    monkeypatch.setattr(api_key_authenticator, "utc_now", lambda: NOW)
    return keys


async def authenticate(header: str | None) -> KeyHolder:
    return await authenticate_key(header, NO_SESSION, HERE)


@pytest.mark.usefixtures("known")
async def test_a_key_stands_for_its_owner_with_its_scopes() -> None:
    holder = await authenticate(KEY.text)
    assert holder.principal.id == ACCESS.owner_id
    assert holder.principal.scopes == {ITEMS_READ}
    assert holder.api_key_id == ACCESS.id


REFUSED: dict[str, tuple[str, dict[str, object], str]] = {
    "malformed": ("nonsense", {}, "malformed"),
    "a wrong checksum": (f"{KEY.text[:-6]}000000", {}, "malformed"),
    "unknown": (OTHER.text, {}, "unknown"),
    "another key's secret": (Key(KEY.id, OTHER.secret).text, {}, "wrong_secret"),
    "another key's id": (Key(OTHER.id, KEY.secret).text, {}, "unknown"),
    "revoked": (KEY.text, {"revoked_at": NOW}, "revoked"),
    "revoked and expired": (
        KEY.text,
        {"revoked_at": NOW, "expires_at": NOW},
        "revoked",
    ),
    "expired": (KEY.text, {"expires_at": NOW - timedelta(days=1)}, "expired"),
    "expired just now": (KEY.text, {"expires_at": NOW}, "expired"),
    "a wrong secret for a revoked key": (
        Key(KEY.id, OTHER.secret).text,
        {"revoked_at": NOW},
        "wrong_secret",
    ),
}


@pytest.mark.parametrize(("header", "changes", "reason"), REFUSED.values(), ids=REFUSED)
async def test_a_bad_key_gets_the_same_answer_whatever_the_reason(
    known: dict[str, KeyAccess],
    header: str,
    changes: dict[str, Any],
    reason: str,
) -> None:
    known[KEY.id] = ACCESS._replace(**changes)
    with capture_logs() as events, pytest.raises(InvalidTokenError) as refusal:
        await authenticate(header)
    assert refusal.value.detail == InvalidTokenError.default_detail
    challenge = refusal.value.headers["WWW-Authenticate"]
    assert challenge.startswith('APIKey realm="')
    assert challenge.endswith(', error="invalid_token"')
    (event,) = events
    assert (event["event"], event["reason"]) == ("key_refused", reason)
    assert event["client"] == HERE
    for secret in (KEY.secret, OTHER.secret, KEY.secret_hash, "nonsense"):
        assert secret not in str(event)


async def test_a_key_is_good_until_the_moment_it_expires(
    known: dict[str, KeyAccess],
) -> None:
    known[KEY.id] = ACCESS._replace(expires_at=NOW + timedelta(microseconds=1))
    holder = await authenticate(KEY.text)
    assert holder.api_key_id == ACCESS.id


@pytest.mark.usefixtures("known")
async def test_hashes_are_compared_in_constant_time_also_for_an_unknown_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[str, str]] = []

    def compare_digest(given: str, kept: str) -> bool:
        compared.append((given, kept))
        return hmac.compare_digest(given, kept)

    spy = SimpleNamespace(compare_digest=compare_digest)
    monkeypatch.setattr(api_key_authenticator, "hmac", spy)
    for key in (OTHER, Key(KEY.id, OTHER.secret)):
        with pytest.raises(InvalidTokenError):
            await authenticate(key.text)
    (given, nobodys), (again, kept) = compared
    assert given == again == OTHER.secret_hash
    assert kept == KEY.secret_hash
    assert len(nobodys) == len(kept)


@pytest.mark.parametrize(
    ("seconds_ago", "is_stale"),
    [(None, True), (60, True), (59.9, False), (0, False)],
)
async def test_a_use_is_recorded_once_a_minute(
    known: dict[str, KeyAccess],
    seconds_ago: float | None,
    *,
    is_stale: bool,
) -> None:
    last = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    known[KEY.id] = ACCESS._replace(last_used_at=last)
    holder = await authenticate(KEY.text)
    assert holder.last_use_is_stale is is_stale


async def test_a_use_is_noted_with_the_time_of_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[tuple[UUID, datetime, datetime]] = []

    async def update_last_used(
        _: Database, api_key_id: UUID, now: datetime, *, unless_since: datetime
    ) -> None:
        kept.append((api_key_id, now, unless_since))

    monkeypatch.setattr(api_key_authenticator, "update_last_used", update_last_used)
    monkeypatch.setattr(api_key_authenticator, "utc_now", lambda: NOW)
    await record_use(NO_DATABASE, ACCESS.id)
    assert kept == [(ACCESS.id, NOW, NOW - timedelta(minutes=1))]
