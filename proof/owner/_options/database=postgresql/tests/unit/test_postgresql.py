from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from app.cli import main
from app.core.database import Database, postgresql, run_on_connection
from app.core.database import postgresql_driver as driver
from app.core.database.dialects import DIALECTS
from app.core.settings.database import DatabaseSettings
from app.errors import UnavailableError
from tests.client import Client, connect, make_app
from tests.postgresql import only_postgresql
from tests.settings import make_settings


@pytest.mark.usefixtures("scratch")
def test_migrate_without_its_database_is_refused() -> None:
    environment = {"ENVIRONMENT": "test", "DATABASE__URL": "postgresql://127.0.0.1:1/a"}
    result = CliRunner(env=environment).invoke(main, ["migrate"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The database is not available")


def deployed(**values: str) -> DatabaseSettings:
    return DatabaseSettings.model_validate(values, context={"deployed": True})


async def execute(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@db/app",
        "postgresql://app:@db/app",
        "postgresql://app:app@db/app",
        "postgresql://postgres:postgres@db/app",
        "postgresql://app:change-me@db/app",
    ],
)
def test_a_password_that_everybody_tries_first_is_unsafe(url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        deployed(url=url)
    assert [error["loc"] for error in refusal.value.errors()] == [("url",)]


def test_the_password_in_effect_is_what_counts() -> None:
    sound, weak = "hard-to-guess", "postgres"
    deployed(url=f"postgresql://app:{weak}@db/app", password=sound)
    with pytest.raises(ValidationError, match="DATABASE__PASSWORD"):
        deployed(url=f"postgresql://app:{sound}@db/app", password=weak)


@pytest.mark.parametrize("directory", ["/var/run/postgresql", "/cloudsql/a:b-c:d"])
def test_a_unix_socket_takes_the_place_of_the_host(directory: str) -> None:
    url = f"postgresql://app@/app?host={directory}"
    database = DatabaseSettings.model_validate({"url": url, "password": "p:a/s@s%"})
    engine = Database(database).engine
    _, options = engine.dialect.create_connect_args(engine.url)
    assert (options["host"], options["password"]) == (directory, "p:a/s@s%")


def test_a_unix_socket_needs_no_password_but_no_weak_one_either() -> None:
    url = "postgresql://app@/app?host=/var/run/postgresql"
    deployed(url=url)
    with pytest.raises(ValidationError, match="DATABASE__PASSWORD"):
        deployed(url=url, password="postgres")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_the_driver_is_the_services_choice(scheme: str) -> None:
    url = DIALECTS["postgresql"].driver_url(make_url(f"{scheme}://app:secret@db/app"))
    assert url.drivername == driver.NAME
    assert url.password == "secret"


@only_postgresql
async def test_a_statement_that_takes_too_long_is_unavailable(
    migrated_url: str,
) -> None:
    database = Database(make_settings(migrated_url).database)
    statements = ("SET LOCAL statement_timeout = 10", "SELECT pg_sleep(60)")
    with pytest.raises(UnavailableError):
        await execute(database, *statements)
    await database.dispose()


@only_postgresql
async def test_the_time_limits_reach_the_server(migrated_url: str) -> None:
    limits = {"statement_timeout": 7, "lock_timeout": 0.25}
    settings = make_settings(migrated_url, database={"url": migrated_url, **limits})
    database = Database(settings.database)
    async with database.transaction(readonly=True) as session:
        for limit, expected in (("statement_timeout", "7s"), ("lock_timeout", "250ms")):
            assert await session.scalar(text(f"SHOW {limit}")) == expected
    await database.dispose()


@only_postgresql
def test_migrations_have_no_time_limit(migrated_url: str) -> None:
    limits = ("statement_timeout", "idle_in_transaction_session_timeout")

    def look(connection: Connection) -> None:
        for isolation, longest in (("READ COMMITTED", "2s"), ("AUTOCOMMIT", "0")):
            connection.execution_options(isolation_level=isolation)
            for limit in limits:
                assert connection.scalar(text(f"SHOW {limit}")) == "0"
            assert connection.scalar(text("SHOW lock_timeout")) == longest
            connection.commit()

    run_on_connection(make_settings(migrated_url).database, look)


@pytest.mark.parametrize("mode", ["disable", "require"])
@only_postgresql
async def test_options_for_tls_in_the_url_reach_the_server(
    migrated_url: str, mode: str
) -> None:
    url = f"{migrated_url}?sslmode={mode}"
    database = Database(make_settings(url).database)
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    try:
        async with database.transaction(readonly=True) as session:
            encrypted = await session.scalar(text(query))
    except UnavailableError:
        assert mode == "require"  # this server cannot
    else:
        assert encrypted == (mode == "require")
    await database.dispose()


@only_postgresql
async def test_a_mistake_is_no_outage(migrated_url: str) -> None:
    database = Database(make_settings(migrated_url).database)
    with pytest.raises(DBAPIError):
        await execute(database, "SELECT 1 / 0")
    await database.dispose()


@only_postgresql
async def test_a_connection_that_the_server_has_closed_is_replaced(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_IDLE_SECONDS", 0.0)
    database = Database(make_settings(migrated_url).database)
    async with database.transaction() as session:
        closed = await session.scalar(text("SELECT pg_backend_pid()"))
    other = Database(make_settings(migrated_url).database)
    async with other.transaction() as session:
        query = text("SELECT pg_terminate_backend(:pid, 5000)")
        await session.execute(query, {"pid": closed})
    await other.dispose()
    async with database.transaction() as session:
        opened = await session.scalar(text("SELECT pg_backend_pid()"))
    await database.dispose()
    assert opened != closed


@only_postgresql
async def test_a_connection_that_ends_in_mid_transaction_is_unavailable(
    migrated_url: str,
) -> None:
    database = Database(make_settings(migrated_url).database)
    with pytest.raises(UnavailableError):
        await execute(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    await database.dispose()


@only_postgresql
async def test_a_server_that_does_not_answer_is_503(alice: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://app:app@127.0.0.1:{silent.getsockname()[1]}/app"
        settings = make_settings(url, database={"url": url, "connect_timeout": 1})
        database = Database(settings.database)
        client = connect(make_app(settings, database), **dict(alice.headers))
        response = await client.get("/health/ready")
        await database.dispose()
    assert response.status_code == 503


@only_postgresql
async def test_a_database_that_is_not_there_is_unavailable(migrated_url: str) -> None:
    url = make_url(migrated_url).set(database="missing_test")
    there = url.render_as_string(hide_password=False)
    database = Database(make_settings(there).database)
    available = await database.is_available()
    await database.dispose()
    assert not available
