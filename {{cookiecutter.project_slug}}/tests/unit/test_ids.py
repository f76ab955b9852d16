from __future__ import annotations

from itertools import count
from uuid import RFC_4122

import pytest

from app.core.ids import uuid7


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid7()
    assert made.version == 7
    assert made.variant == RFC_4122


def test_an_id_holds_the_time_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_123_456_789)
    assert uuid7().int >> 80 == 1_700_000_000_123


def test_later_ids_sort_later_within_the_same_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = count(1_700_000_000_000_000_000, 1_000)
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    made = [uuid7() for _ in range(3_000)]
    assert made == sorted(made)


def test_ids_of_the_same_moment_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    assert len({uuid7() for _ in range(1_000)}) == 1_000
