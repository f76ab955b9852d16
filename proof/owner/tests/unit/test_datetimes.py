from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from app.models.base import UtcDateTime

KOLKATA = timezone(timedelta(hours=5, minutes=30))
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "returned",
    [NOON, NOON.astimezone(KOLKATA), NOON.replace(tzinfo=None)],
    ids=["utc", "kolkata", "none"],
)
def test_a_stored_time_is_read_in_utc(returned: datetime) -> None:
    value = UtcDateTime().process_result_value(returned, DIALECT)
    assert value is not None
    assert (value, value.tzinfo) == (NOON, UTC)


def test_a_time_is_stored_in_utc() -> None:
    value = UtcDateTime().process_bind_param(NOON.astimezone(KOLKATA), DIALECT)
    assert value is not None
    assert (value, value.tzinfo) == (NOON, UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(NOON.replace(tzinfo=None), DIALECT)
