"""Readiness is about the database, not about the load on the service."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.core.database import Database, engine
from tests.client import Client, all_at_once, connect, make_app
from tests.processes import SECONDS
from tests.settings import make_settings


async def test_a_busy_pool_is_ready(migrated_url: str) -> None:
    one = {"url": migrated_url, "pool_size": 1, "pool_timeout": 60}
    settings = make_settings(migrated_url, database=one)
    database = Database(settings.database)
    client = connect(make_app(settings, database))
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM items"))
        response = await client.get("/health/ready")
        await session.rollback()
    await database.dispose()
    assert response.status_code == 200


async def test_many_checks_at_once_are_answered(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a slow machine, so many take longer than one that waits should.
    monkeypatch.setattr(engine, "CHECK_SECONDS", SECONDS)
    responses = await all_at_once([lambda: client.get("/health/ready")] * 30)
    assert {response.status_code for response in responses} == {200}
