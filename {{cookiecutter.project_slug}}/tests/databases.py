"""The database that tests run on: a new SQLite file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from app.core.database.migrations import upgrade
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What staging and production accept, and what they refuse.
LASTING_URL = "sqlite:////data/app.db"
UNSAFE_URLS = ("sqlite://", "sqlite:///:memory:")


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of an empty database."""
    return sqlite_url(tmp_path_factory.mktemp("database"))


def sqlite_url(directory: Path) -> str:
    """Return the URL of a database file."""
    return f"sqlite:///{directory / 'test.db'}"


@pytest.fixture
def absent_url(tmp_path: Path) -> str:
    """Return the URL of a database that is away."""
    return sqlite_url(tmp_path / "missing")


@pytest.fixture(scope="session")
def migrated_url(database_url: str) -> str:
    """Return the URL of a database that has all tables and no rows."""
    upgrade(make_settings(database_url))
    return database_url


@contextmanager
def empty_database(directory: Path) -> Iterator[str]:
    """Give the URL of a database without tables, for processes to migrate."""
    yield sqlite_url(directory)


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database of the test's own, without tables."""
    with empty_database(tmp_path) as url:
        yield url
