"""When a key was used last: noted after the answer, once a minute, at no risk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

import pytest
from sqlalchemy import select, update

from app.core.database import Database
from app.models.api_key import ApiKey
from app.models.base import utc_now
from app.scopes.items import ITEMS_READ
from tests.client import App
from tests.logs import logged
from tests.principals import make_key, with_key

if TYPE_CHECKING:
    from app.schemas.api_keys import ApiKeyCreated

ITEMS = "/api/v1/items"


@pytest.fixture
async def made(database: Database) -> ApiKeyCreated:
    return await make_key(database, ITEMS_READ)


async def last_use(
    database: Database, made: ApiKeyCreated
) -> tuple[datetime | None, datetime]:
    """Return when the key was used and when it was changed."""
    query = select(ApiKey.last_used_at, ApiKey.updated_at).where(ApiKey.id == made.id)
    async with database.transaction(readonly=True) as session:
        result = await session.execute(query)
        used, changed = result.one()
    return used, changed


async def test_a_use_is_noted_and_is_no_change(
    app: App, database: Database, made: ApiKeyCreated
) -> None:
    before, changed_before = await last_use(database, made)
    assert before is None
    started = utc_now()
    await with_key(app, made.key).get(ITEMS)
    used, changed = await last_use(database, made)
    assert used is not None
    assert started <= used <= utc_now()
    assert changed == changed_before


async def test_a_use_is_noted_again_after_a_minute(
    app: App, database: Database, made: ApiKeyCreated
) -> None:
    moment = utc_now() - timedelta(seconds=61)
    query = update(ApiKey).where(ApiKey.id == made.id).values(last_used_at=moment)
    async with database.transaction() as session:
        await session.execute(query)
    await with_key(app, made.key).get(ITEMS)
    used, _ = await last_use(database, made)
    assert used is not None
    assert used > moment


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", ITEMS, 403),
        ("GET", f"{ITEMS}/00000000-0000-0000-0000-000000000000", 404),
        ("GET", f"{ITEMS}?size=0", 422),
    ],
)
async def test_a_request_that_fails_is_no_use(
    app: App,
    database: Database,
    made: ApiKeyCreated,
    *,
    method: str,
    path: str,
    status: int,
) -> None:
    response = await with_key(app, made.key).request(method, path)
    assert response.status_code == status
    used, _ = await last_use(database, made)
    assert used is None


async def test_a_use_that_cannot_be_noted_harms_nobody(
    app: App,
    database: Database,
    made: ApiKeyCreated,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("disk full")

    monkeypatch.setattr("app.auth.api_key_authenticator.update_last_used", fail)
    capsys.readouterr()
    response = await with_key(app, made.key).get(ITEMS)
    assert response.status_code == 200
    events = {event["event"]: event for event in logged(capsys)}
    assert events["key_use_not_noted"]["level"] == "error"
    assert events["key_use_not_noted"]["api_key_id"] == str(made.id)
    assert "unhandled_error" not in events
    assert made.key not in str(events)
    used, _ = await last_use(database, made)
    assert used is None
