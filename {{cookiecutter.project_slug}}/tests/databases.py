"""The database that tests run on: a new SQLite file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.core.database.migrations import upgrade
from tests.settings import make_settings

if TYPE_CHECKING:
    from pathlib import Path

# What staging and production accept.
LASTING_URL = "sqlite:////data/app.db"


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
