"""A time means the same whatever the time zone of the database is."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import cast, make_url, select, text

from app.core.database import Database
from app.models.base import UtcDateTime, utc_now
from tests.settings import make_settings
from tests.statements import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True, scope="session"
)


@pytest.fixture
def url_in_kolkata(migrated_url: str) -> Iterator[str]:
    """Give a database whose sessions are in India by default."""
    name = make_url(migrated_url).database
    execute(migrated_url, text(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'"))
    yield migrated_url
    execute(migrated_url, text(f"ALTER DATABASE {name} RESET timezone"))


async def test_a_session_is_in_utc(url_in_kolkata: str) -> None:
    database = Database(make_settings(url_in_kolkata).database)
    async with database.transaction(readonly=True) as session:
        zone = await session.scalar(text("SHOW timezone"))
    await database.dispose()
    assert zone == "UTC"


async def test_a_time_is_read_as_it_was_sent(url_in_kolkata: str) -> None:
    database = Database(make_settings(url_in_kolkata).database)
    now = utc_now()
    async with database.transaction() as session:
        # Somebody may change the zone of a session.
        await session.execute(text("SET LOCAL timezone = 'Asia/Kolkata'"))
        read = await session.scalar(select(cast(now, UtcDateTime())))
    await database.dispose()
    assert read == now
    assert read.tzinfo is UTC
