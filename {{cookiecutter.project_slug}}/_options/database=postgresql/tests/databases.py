"""The databases that tests run on: each that the service supports.

SQLite is a new file. PostgreSQL is the database that TEST_DATABASE_URL names; tests
empty it, so its name must say that it is for tests. Each worker of pytest-xdist has a
database of its own beside it, such as app_test_gw0.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, make_url, text

from app.core.database import run_on_connection
from app.core.database.dialects import DIALECTS
from app.core.database.migrations import upgrade
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

# What staging and production accept, and what they refuse.
LASTING_URL = "postgresql://app:hard-to-guess@db/app"
UNSAFE_URLS = ("postgresql://app@db/app", "postgresql://app:password@db/app")

NOT_SET = (
    "PostgreSQL NOT TESTED: set TEST_DATABASE_URL (compose.dev.yaml has a database)"
)


def pytest_configure() -> None:
    """Refuse a database whose name does not say that it is for tests."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url is not None and "test" not in (make_url(url).database or ""):
        raise pytest.UsageError(
            "TEST_DATABASE_URL: the name of a test database holds 'test'"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, where nobody overlooks it, what was not tested."""
    if "TEST_DATABASE_URL" not in os.environ:
        terminalreporter.write_line(NOT_SET, red=True, bold=True)


@pytest.fixture(scope="session", params=list(DIALECTS))
def database_url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path_factory.mktemp("database"))
    return _postgresql_url()


def sqlite_url(directory: Path) -> str:
    """Return the URL of a database file."""
    return f"sqlite:///{directory / 'test.db'}"


def _postgresql_url() -> str:
    url = os.environ.get("TEST_DATABASE_URL")
    if url is None:
        if "CI" in os.environ:
            pytest.fail(NOT_SET)
        pytest.skip(NOT_SET)
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        url = _url_of_worker(url, worker)
    run_on_connection(make_settings(url).database, _drop_everything)
    return url


def _url_of_worker(url: str, worker: str) -> str:
    """Return the URL of the worker's database, which is created if it is absent."""
    name = f"{make_url(url).database}_{worker}"

    def create(connection: Connection) -> None:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        query = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.scalar(query, {"name": name}) is None:
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.exec_driver_sql(f"CREATE DATABASE {quoted}")

    run_on_connection(make_settings(url).database, create)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _drop_everything(connection: Connection) -> None:
    metadata = MetaData()
    metadata.reflect(connection)
    metadata.drop_all(connection)
    connection.commit()


@pytest.fixture(params=list(DIALECTS))
def absent_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that is away."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "missing")
    return "postgresql://app:canary@127.0.0.1:1/app"


@pytest.fixture(scope="session")
def migrated_url(database_url: str) -> str:
    """Return the URL of a database that has all tables and no rows."""
    upgrade(make_settings(database_url))
    return database_url


@contextmanager
def empty_database(directory: Path) -> Iterator[str]:
    """Give the URL of a database without tables, for processes to migrate.

    A file is quickest. Without SQLite it is the one that other tests use, too: they
    find its tables again afterwards.
    """
    if "sqlite" in DIALECTS:
        yield sqlite_url(directory)
        return
    url = _postgresql_url()
    yield url
    _postgresql_url()
    upgrade(make_settings(url))


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database of the test's own, without tables."""
    with empty_database(tmp_path) as url:
        yield url
