"""No connection is kept while the password that permits a key is hashed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.auth.hashing_queue import HashingQueue
from app.core.database import Database
from tests.accounts import PASSWORD, signed_in
from tests.client import make_app
from tests.settings import make_settings

KEYS = "/api/v1/api-keys"


@pytest.mark.usefixtures("committing_database")
async def test_no_connection_is_kept_while_a_password_is_hashed(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"url": migrated_url, "pool_size": 1, "pool_timeout": 0.5}
    settings = make_settings(migrated_url, database=one)
    database = Database(settings.database)
    app = make_app(settings, database)
    caller = await signed_in(app, database, "ada@example.org")
    run = HashingQueue.run
    hashed = []

    async def use_the_connection(queue: HashingQueue, *call: Any) -> object:  # noqa: ANN401
        async with database.transaction() as session:
            hashed.append(await session.scalar(text("SELECT 1")))
        return await run(queue, *call)

    monkeypatch.setattr(HashingQueue, "run", use_the_connection)
    body = {"name": "ci", "scopes": ["items:read"], "current_password": PASSWORD}
    made = await caller.post(KEYS, json=body)
    assert made.status_code == 201, made.text
    url = f"{KEYS}/{made.json()['id']}/rotate"
    rotated = await caller.post(url, json={"current_password": PASSWORD})
    await database.dispose()
    assert rotated.status_code == 201, rotated.text
    assert len(hashed) == 2
