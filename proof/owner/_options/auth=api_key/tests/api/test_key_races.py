"""Many calls with keys at once, on a database that really commits."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import event, func, select

from app.core.database import Database
from app.core.settings import Settings
from app.models.api_key import ApiKey
from app.scopes import ADMIN
from app.scopes.items import ITEMS_READ
from tests.client import App, all_at_once, make_app
from tests.principals import holding, make_key, with_key

ITEMS = "/api/v1/items"
KEYS = "/api/v1/api-keys"
READ = {"name": "ci", "scopes": ["items:read"]}


@pytest.fixture
def app(settings: Settings, committing_database: Database) -> App:
    return make_app(settings, committing_database)


async def number_of_keys(database: Database) -> int:
    async with database.transaction(readonly=True) as session:
        query = select(func.count()).select_from(ApiKey).where(ApiKey.name == "ci")
        return await session.scalar(query) or 0


async def test_of_many_rotations_of_one_key_one_wins(
    app: App,
    committing_database: Database,
) -> None:
    admin = await holding(app, committing_database, ADMIN)
    made = await admin.post(KEYS, json=READ)
    url = f"{KEYS}/{made.json()['id']}/rotate"
    call = partial(admin.post, url, json={"overlap_seconds": 60})
    responses = await all_at_once([call] * 20)
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] + [409] * 19
    assert await number_of_keys(committing_database) == 2


async def test_rotations_beside_revocations_leave_at_most_the_successor(
    app: App,
    committing_database: Database,
) -> None:
    admin = await holding(app, committing_database, ADMIN)
    made = await admin.post(KEYS, json=READ)
    url = f"{KEYS}/{made.json()['id']}"
    rotate = partial(admin.post, f"{url}/rotate", json={"overlap_seconds": 60})
    revoke = partial(admin.delete, url)
    responses = await all_at_once([rotate, revoke] * 10)
    rotations = [response.status_code for response in responses[::2]]
    assert set(rotations) <= {201, 409}
    assert rotations.count(201) <= 1
    assert {response.status_code for response in responses[1::2]} == {204}
    refused = await with_key(app, made.json()["key"]).get(ITEMS)
    assert refused.status_code == 401


async def test_of_many_uses_at_once_one_is_noted(
    app: App,
    committing_database: Database,
) -> None:
    made = await make_key(committing_database, ITEMS_READ)
    noted: list[int] = []

    def count(*arguments: object) -> None:
        _, cursor, statement, *_ = arguments
        if str(statement).startswith("UPDATE api_keys SET"):
            noted.append(getattr(cursor, "rowcount", 0))

    engine = committing_database.engine
    target = getattr(engine, "sync_engine", engine)
    event.listen(target, "after_cursor_execute", count)
    try:
        call = partial(with_key(app, made.key).get, ITEMS)
        responses = await all_at_once([call] * 20)
    finally:
        event.remove(target, "after_cursor_execute", count)
    assert {response.status_code for response in responses} == {200}
    assert sum(noted) == 1
