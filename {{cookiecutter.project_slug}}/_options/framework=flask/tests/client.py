"""The application under test, and clients that call it in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from httpx2 import Client, Headers, Request, WSGITransport

from app.api.openapi import documented_path
from app.core.database import Database
from app.core.logging import configure_logging
from app.core.settings import Settings
from app.main import create_app
from app.models.base import Base
from tests.settings import make_settings

__all__ = ["App", "Client", "all_at_once", "connect", "make_app", "served"]

App = Flask


@pytest.fixture(scope="session")
def pool(migrated_url: str) -> Iterator[Database]:
    """Give the connection pool that all tests share."""
    # On a slow machine, many calls at once wait longer than callers should.
    patient = {"url": migrated_url, "pool_timeout": 60, "lock_timeout": 60}
    database = Database(make_settings(migrated_url, database=patient).database)
    yield database
    database.dispose()


@pytest.fixture
def database(pool: Database) -> Iterator[Database]:
    """Give a database in which commits are savepoints, gone after the test."""
    with pool.engine.connect() as connection:
        transaction = connection.begin()
        makers = (pool.writers, pool.readers)
        binds = [sessions.kw["bind"] for sessions in makers]
        for sessions in makers:
            sessions.configure(
                bind=connection, join_transaction_mode="create_savepoint"
            )
        yield pool
        for sessions, bind in zip(makers, binds, strict=True):
            sessions.configure(bind=bind, join_transaction_mode="conditional_savepoint")
        transaction.rollback()


@pytest.fixture
def committing_database(pool: Database) -> Iterator[Database]:
    """Give a database that really commits, emptied after the test."""
    yield pool
    with pool.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


@pytest.fixture(scope="session")
def shared_app(migrated_url: str) -> App:
    """Return the application of most tests: to create one takes longer than a test."""
    return create_app(make_settings(migrated_url, rate_limit={"enabled": False}))


@pytest.fixture
def settings(shared_app: App) -> Settings:
    """Return the settings of the application under test; modules may override them."""
    settings: Settings = shared_app.extensions["settings"]
    return settings


@pytest.fixture
def app(shared_app: App, settings: Settings, database: Database) -> App:
    """Return the application: a new one only for settings of the test's own."""
    if settings is not shared_app.extensions["settings"]:
        return make_app(settings, database)
    configure_logging(settings)  # writes to what is the standard output now
    shared_app.extensions["database"] = database
    return shared_app


@pytest.fixture
def client(app: App) -> Client:
    """Return a client without credentials."""
    return connect(app)


def make_app(settings: Settings, database: Database) -> App:
    """Return an application that uses this database."""
    app = create_app(settings)
    app.extensions["database"] = database
    return app


def connect(app: App, **headers: str) -> Client:
    """Return a client that sends these headers with each request."""

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        # Bytes as Latin-1 (PEP 3333), which the transport leaves undone.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        return app(environ, start)

    def join_repeated_headers(request: Request) -> None:
        # As servers do (RFC 3875 section 4.1.18); the transport keeps the last one.
        request.headers = Headers(dict(request.headers))

    return Client(
        transport=WSGITransport(serve, raise_app_exceptions=False),
        base_url="http://testserver",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        event_hooks={"request": [join_repeated_headers]},
    )


def all_at_once[T](calls: Iterable[Callable[[], T]]) -> list[T]:
    """Make all calls at the same time; return their results in the same order."""
    todo = list(calls)
    with ThreadPoolExecutor(len(todo)) as threads:
        return list(threads.map(lambda call: call(), todo))


def served(app: App, below: str) -> set[tuple[str, str]]:
    """Return the method and path of each route below a path."""
    return {
        (method.lower(), documented_path(rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(below)
        for method in (rule.methods or set()) - {"HEAD"}
    }
