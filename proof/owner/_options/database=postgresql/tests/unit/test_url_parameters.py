"""Parameters of the database's URL mean what libpq documents."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.core.database import Database
from app.core.settings.database import DatabaseSettings
from app.errors import UnavailableError
from tests.postgresql import only_postgresql
from tests.settings import make_settings


@only_postgresql
@pytest.mark.parametrize(
    ("parameters", "name", "value"),
    [
        ("application_name=x", "application_name", "x"),
        ("application_name=x&application_name=y", "application_name", "y"),
        ("fallback_application_name=x", "application_name", "x"),
        ("fallback_application_name=x&application_name=y", "application_name", "y"),
        ("options=-c%20search_path%3Dtenant", "search_path", "tenant"),
        ("options=-c%20search_path%3Dtenant", "statement_timeout", "10s"),
        ("options=-c%20statement_timeout%3D7s", "statement_timeout", "7s"),
        ("options=-c%20timezone%3DAsia/Kolkata", "timezone", "UTC"),
        ("connect_timeout=5", "timezone", "UTC"),
        ("connect_timeout=0", "timezone", "UTC"),
        ("target_session_attrs=read-write", "transaction_read_only", "off"),
        ("sslmode=prefer&ssl_min_protocol_version=TLSv1.2", "timezone", "UTC"),
    ],
)
async def test_a_parameter_reaches_the_server(
    migrated_url: str, parameters: str, name: str, value: str
) -> None:
    database = Database(make_settings(f"{migrated_url}?{parameters}").database)
    async with database.transaction() as session:
        found = await session.scalar(text(f"SHOW {name}"))
    await database.dispose()
    assert found == value


@only_postgresql
async def test_a_server_without_the_wanted_attributes_is_unavailable(
    migrated_url: str,
) -> None:
    url = f"{migrated_url}?target_session_attrs=standby"
    database = Database(make_settings(url).database)
    with pytest.raises(UnavailableError):
        await select_one(database)
    available = await database.is_available()
    await database.dispose()
    assert not available


async def select_one(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://db/app?foo=bar", "not supported: foo"),
        ("postgresql://db/app?channel_binding=require", "channel_binding"),
        ("postgresql://db/app?b=secret&a=secret", "not supported: a, b"),
        ("postgresql://db/app?password=secret", "password"),
        ("postgresql://db/app?connect_timeout=soon", "number of seconds"),
        ("postgresql://a:1,b:2/app", "must be a database URL"),
        ("sqlite:///app.db?mode=ro&uri=true", "not supported: mode, uri"),
    ],
)
def test_any_other_parameter_is_refused_by_name(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refusal:
        DatabaseSettings.model_validate({"url": url})
    assert "secret" not in str(refusal.value)
