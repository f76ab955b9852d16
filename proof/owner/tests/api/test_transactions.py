"""A 2xx means that what was written is durable; an outage is 503 and ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.database import Database
from tests.client import Client, connect, make_app
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = "/api/v1/items"


@contextmanager
def failing_commits(error: Exception) -> Iterator[None]:
    def fail(session: Session) -> NoReturn:
        del session
        raise error

    event.listen(Session, "before_commit", fail)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", fail)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("COMMIT", {}, Exception("disk full")), 503),
        (RuntimeError("disk full"), 500),
    ],
)
async def test_a_commit_that_fails_is_no_success(
    alice: Client, error: Exception, status: int
) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    url = made.headers["location"]
    with failing_commits(error):
        created = await alice.post(ITEMS, json={"name": "table"})
        changed = await alice.patch(url, json={"name": "table"})
        deleted = await alice.delete(url)
    assert {created.status_code, changed.status_code, deleted.status_code} == {status}
    assert "disk full" not in created.text
    assert "location" not in created.headers
    listed = await alice.get(ITEMS)
    assert listed.json()["items"] == [made.json()]


async def test_a_refused_request_keeps_nothing(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patches:
        # The row is written by then, and only its answer fails.
        patches.setattr("app.services.items.ItemPublic.model_validate", None)
        response = await alice.post(ITEMS, json={"name": "chair"})
        assert response.status_code == 500
    listed = await alice.get(ITEMS)
    assert listed.json()["total"] == 0


async def test_a_database_error_does_not_log_what_was_sent(
    alice: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    monkeypatch.setattr("secrets.randbits", lambda _: 1)
    first = await alice.post(ITEMS, json={"name": "chair"})
    assert first.status_code == 201
    again = await alice.post(ITEMS, json={"name": "canary"})  # the same id
    assert again.status_code == 409
    log = capsys.readouterr().out
    assert "pk_items" in log
    assert "canary" not in log


async def test_a_request_is_503_while_the_database_is_away(
    absent_url: str, alice: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(absent_url)
    database = Database(settings.database)
    client = connect(make_app(settings, database), **dict(alice.headers))
    answers = [
        await client.get(ITEMS),
        await client.post(ITEMS, json={"name": "chair"}),
    ]
    await database.dispose()
    for response in answers:
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert response.json()["code"] == "service_unavailable"
        assert absent_url not in response.text
    assert "canary" not in capsys.readouterr().out


async def test_an_exhausted_pool_is_503_and_recovers(
    migrated_url: str, alice: Client
) -> None:
    one = {"url": migrated_url, "pool_size": 1, "pool_timeout": 0.1}
    settings = make_settings(migrated_url, database=one)
    database = Database(settings.database)
    client = connect(make_app(settings, database), **dict(alice.headers))
    async with database.transaction(readonly=True) as session:
        await session.execute(text("SELECT 1"))
        response = await client.get(ITEMS)
        live = await client.get("/health/live")
    recovered = await client.get("/health/ready")
    await database.dispose()
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert live.status_code == 200
    assert recovered.status_code == 200
