"""Keys stay secret, and what happens to them is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from app.auth.api_keys import make_key, parse_key
from app.core.database import Database
from app.models.base import Base
from tests.client import App, Client
from tests.logs import logged
from tests.principals import with_key

if TYPE_CHECKING:
    from httpx2 import Response

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"

READ = {"name": "ci", "scopes": ["items:read"]}


def parts_of(secret: str) -> set[str]:
    """Return every part of a secret that is long enough to be told from chance."""
    length = 9
    return {secret[start : start + length] for start in range(len(secret) - length + 1)}


async def everything_kept(database: Database) -> str:
    """Return all that the database holds."""
    kept = []
    async with database.transaction(readonly=True) as session:
        for table in Base.metadata.sorted_tables:
            rows = await session.execute(select(table))
            kept += [str(row) for row in rows]
    return "\n".join(kept)


async def test_no_key_stays_or_leaves_but_once(
    app: App,
    admin: Client,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    made = await admin.post(KEYS, json=READ)
    url = f"{KEYS}/{made.json()['id']}"
    rotated = await admin.post(f"{url}/rotate", json={"overlap_seconds": 60})
    forged = make_key()
    texts = [made.json()["key"], rotated.json()["key"], forged.text]
    answers: list[Response] = [
        await admin.get(KEYS),
        await admin.get(f"{KEYS}?api_key={texts[0]}"),
        await admin.post(KEYS, json=READ | {"key": texts[0]}),
        await admin.post(KEYS, json=READ | {"scopes": [texts[0]]}),
        await admin.post(f"{url}/rotate", json={}),
        await admin.delete(url),
        await admin.delete(f"{KEYS}/{texts[1]}"),
    ]
    for text in texts:
        caller = with_key(app, text)
        answers += [
            await caller.get(ITEMS),
            await caller.get(f"{ITEMS}?key={text}"),
            await caller.post(ITEMS, json={"name": "x", text: 1}),
            await caller.get(KEYS),
        ]
    keys = [key for text in texts if (key := parse_key(text)) is not None]
    hashes = [key.secret_hash for key in keys]
    # A field that is not known is named in the answer: whoever sent it knows it.
    told = "".join(
        f"{answer.headers} {answer.text}"
        for answer in answers
        if answer.status_code != 422
    )
    record = str(logged(capsys))
    kept = await everything_kept(database)
    for key in keys:
        for part in parts_of(key.secret):
            assert part not in told
            assert part not in record
            assert part not in kept
    for secret_hash in hashes:
        assert secret_hash not in told + record + made.text + rotated.text
    for answer in (made, rotated, *answers):
        assert "secret" not in answer.text.replace("items:", "")


async def test_what_happens_to_keys_is_on_record(
    app: App,
    admin: Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    made = await admin.post(KEYS, json=READ)
    old = made.json()
    rotated = await admin.post(f"{KEYS}/{old['id']}/rotate", json={})
    new = rotated.json()
    await admin.delete(f"{KEYS}/{new['id']}")
    await admin.delete(f"{KEYS}/{new['id']}")
    await with_key(app, old["key"]).get(ITEMS)
    await with_key(app, new["key"]).get(ITEMS)
    await with_key(app, make_key().text).get(ITEMS)
    await with_key(app, "nonsense").get(ITEMS)
    events: list[dict[str, Any]] = [
        event for event in logged(capsys) if event["event"] != "request"
    ]
    assert [(event["event"], event.get("reason")) for event in events] == [
        ("key_made", None),
        ("key_rotated", None),
        ("key_revoked", None),
        ("key_refused", "expired"),
        ("key_refused", "revoked"),
        ("key_refused", "unknown"),
        ("key_refused", "malformed"),
    ]
    assert events[1]["rotated"] == old["prefix"]
    prefixes = [event.get("key_id") for event in events[:5]]
    assert prefixes == [key["prefix"] for key in (old, new, new, old, new)]
    for event in events:
        assert event["request_id"]
        assert event["client"] == "127.0.0.1"
        is_refusal = event["event"] == "key_refused"
        assert event["level"] == ("warning" if is_refusal else "info")


@pytest.mark.parametrize(
    "body",
    [READ | {"scopes": ["root"]}, READ | {"expires_at": "2020-01-01T00:00:00Z"}],
)
async def test_what_did_not_happen_is_not_on_record(
    admin: Client,
    body: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    await admin.post(KEYS, json=body)
    await admin.delete(f"{KEYS}/00000000-0000-0000-0000-000000000000")
    assert {event["event"] for event in logged(capsys)} == {"request"}
