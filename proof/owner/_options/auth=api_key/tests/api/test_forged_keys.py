"""Keys that are forged, over or mistyped: none gets in, and none learns why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.auth.api_keys import Key, parse_key
from app.auth.api_keys import make_key as key_of_nobody
from app.core.database import Database
from app.models.api_key import ApiKey
from app.models.base import utc_now
from app.scopes.items import ITEMS_READ
from tests.client import App
from tests.principals import make_key, with_key

ITEMS = "/api/v1/items"


def swapped(text: str) -> str:
    """Return a string that differs in its first character alone."""
    return ("a" if text[0] != "a" else "b") + text[1:]


# From a good key, what is sent instead: most of it has the form of a key.
FORGERIES: dict[str, Callable[[Key], str]] = {
    "of nobody": lambda _: key_of_nobody().text,
    "another secret": lambda key: Key(key.id, key_of_nobody().secret).text,
    "the secret but for one character": lambda key: (
        Key(key.id, swapped(key.secret)).text
    ),
    "the secret in the other case": lambda key: Key(key.id, key.secret.swapcase()).text,
    "the secret backwards": lambda key: Key(key.id, key.secret[::-1]).text,
    "the secret with another id": lambda key: Key(swapped(key.id), key.secret).text,
    "the secret with the id in the other case": lambda key: (
        Key("0" + key.id.swapcase()[1:], key.secret).text
    ),
    "the id as secret": lambda key: Key(key.id, (key.id * 6)[:43]).text,
    "a secret of zeros": lambda key: Key(key.id, "0" * 43).text,
    "the hash as secret": lambda key: Key(key.id, key.secret_hash[:43]).text,
    "twice with a semicolon": lambda key: f"{key.text};{key.text}",
    "with a tab inside": lambda key: key.text.replace("_", "\t", 1),
    "a word": lambda _: "nonsense",
    "50 kB in the form of a key": lambda key: f"{key.prefix}_{'a' * 50_000}",
}

OVER: dict[str, dict[str, timedelta]] = {
    "revoked just now": {"revoked_at": timedelta()},
    "revoked long ago": {"revoked_at": timedelta(days=-20)},
    "expired just now": {"expires_at": timedelta()},
    "expired long ago": {"expires_at": timedelta(days=-20)},
    "revoked before it expires": {
        "revoked_at": timedelta(),
        "expires_at": timedelta(days=1),
    },
    "revoked, in the future even": {"revoked_at": timedelta(days=1)},
}


async def refusal(app: App, key: str) -> tuple[int, dict[str, Any], str]:
    """Return what a caller with this key is told."""
    response = await with_key(app, key).get(ITEMS)
    problem = response.json()
    problem.pop("request_id", None)
    return response.status_code, problem, response.headers["www-authenticate"]


@pytest.fixture
async def good(database: Database) -> Key:
    """Return a key that is good."""
    made = await make_key(database, ITEMS_READ)
    key = parse_key(made.key)
    assert key is not None
    return key


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_key_is_refused(
    app: App, good: Key, forge: Callable[[Key], str]
) -> None:
    status, problem, challenge = await refusal(app, forge(good))
    assert status == 401
    assert problem["code"] == "invalid_token"
    assert challenge.startswith('APIKey realm="')
    assert challenge.endswith('", error="invalid_token"')
    unknown = await refusal(app, key_of_nobody().text)
    assert (status, problem, challenge) == unknown


@pytest.mark.parametrize("ends", OVER.values(), ids=OVER)
async def test_a_key_that_is_over_is_refused_like_one_that_never_was(
    app: App, database: Database, good: Key, ends: dict[str, timedelta]
) -> None:
    values = {name: utc_now() + distance for name, distance in ends.items()}
    accepted = await with_key(app, good.text).get(ITEMS)
    assert accepted.status_code == 200
    async with database.transaction() as session:
        query = update(ApiKey).where(ApiKey.key_id == good.id).values(**values)
        await session.execute(query)
    over = await refusal(app, good.text)
    unknown = await refusal(app, key_of_nobody().text)
    assert over == unknown
