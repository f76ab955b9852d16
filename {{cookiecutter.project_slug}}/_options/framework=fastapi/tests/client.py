"""The application under test, and clients that call it in this process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from httpx2 import ASGITransport, AsyncClient

from app.api.v1 import ROUTERS
from app.core.database import Database
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings
from app.main import create_app
from app.models.base import Base
from tests.settings import make_settings

Client = AsyncClient
App = FastAPI

_ROUTERS: dict[Environment, APIRouter] = {}


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run all tests in one event loop, so that they can share the connection pool.

    It is the one that the server runs on.
    """
    return "asyncio", {"use_uvloop": sys.platform != "win32"}


@pytest.fixture(scope="session")
async def pool(migrated_url: str) -> AsyncIterator[Database]:
    """Give the connection pool that all tests share."""
    # On a slow machine, many calls at once wait longer than callers should.
    patient = {"url": migrated_url, "pool_timeout": 60, "lock_timeout": 60}
    database = Database(make_settings(migrated_url, database=patient).database)
    yield database
    await database.dispose()


@pytest.fixture
async def database(pool: Database) -> AsyncIterator[Database]:
    """Give a database in which commits are savepoints, gone after the test."""
    async with pool.engine.connect() as connection:
        transaction = await connection.begin()
        makers = (pool.writers, pool.readers)
        binds = [sessions.kw["bind"] for sessions in makers]
        for sessions in makers:
            sessions.configure(
                bind=connection, join_transaction_mode="create_savepoint"
            )
        yield pool
        for sessions, bind in zip(makers, binds, strict=True):
            sessions.configure(bind=bind, join_transaction_mode="conditional_savepoint")
        await transaction.rollback()


@pytest.fixture
async def committing_database(pool: Database) -> AsyncIterator[Database]:
    """Give a database that really commits, emptied after the test."""
    yield pool
    async with pool.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(table.delete())


@pytest.fixture(scope="session")
def shared_app(migrated_url: str) -> App:
    """Return the application of most tests: to create one takes longer than a test."""
    return create_app(make_settings(migrated_url, rate_limit={"enabled": False}))


@pytest.fixture
def settings(shared_app: App) -> Settings:
    """Return the settings of the application under test; modules may override them."""
    settings: Settings = shared_app.state.settings
    return settings


@pytest.fixture
def app(shared_app: App, settings: Settings, database: Database) -> App:
    """Return the application: a new one only for settings of the test's own."""
    if settings is not shared_app.state.settings:
        return make_app(settings, database)
    configure_logging(settings)  # writes to what is the standard output now
    shared_app.state.database = database
    shared_app.dependency_overrides.clear()
    return shared_app


@pytest.fixture
def client(app: App) -> Client:
    """Return a client without credentials."""
    return connect(app)


def make_app(settings: Settings, database: Database) -> App:
    """Return an application that uses this database.

    The first request makes FastAPI analyse every route, which takes longer than most
    tests do: all applications with the same routes share that work.
    """
    app = create_app(settings)
    app.router = _ROUTERS.setdefault(settings.environment, app.router)
    app.state.database = database
    return app


def connect(app: App, **headers: str) -> Client:
    """Return a client that sends these headers with each request."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return AsyncClient(transport=transport, base_url="http://testserver", headers=names)


async def all_at_once[T](calls: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """Make all calls at the same time; return their results in the same order."""
    return await asyncio.gather(*(call() for call in calls))


def served(_app: App, below: str) -> set[tuple[str, str]]:
    """Return the method and path of each route below a path."""
    return {
        (method.lower(), f"{below.rstrip('/')}{route.path}")
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
