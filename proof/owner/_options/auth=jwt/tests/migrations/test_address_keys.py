"""Accounts from before addresses had keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    String,
    Uuid,
    column,
    insert,
    select,
    table,
)

from app.core.database import run_on_connection
from app.core.database.migrations import alembic_config, upgrade
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.core.settings import Settings

WITHOUT_KEYS, WITH_KEYS = "20261120_1100", "20261128_1000"

# What was on record, and its key.
KEYS = {
    "ada@example.org": "ada@example.org",
    "ada@bücher.example": "ada@xn--bcher-kva.example",
    "strasse@example.org": "strasse@example.org",
    "01234567-89ab-cdef-0123-456789abcdef@invalid": (
        "01234567-89ab-cdef-0123-456789abcdef@invalid"
    ),
    "no address at all": "no address at all",
}

USERS = table(
    "users",
    column("id", Uuid()),
    column("email", String()),
    column("email_key", String()),
    column("password_hash", String()),
    column("scopes", JSON()),
    column("is_active", Boolean()),
    column("created_at", DateTime(timezone=True)),
    column("updated_at", DateTime(timezone=True)),
)


@pytest.fixture
def settings(migrated_url: str) -> Iterator[Settings]:
    """Give the settings of a database whose users have no keys; put it right again."""
    settings = make_settings(migrated_url)
    command.downgrade(alembic_config(settings), "base")
    upgrade(settings, WITHOUT_KEYS)
    yield settings
    command.downgrade(alembic_config(settings), "base")
    upgrade(settings)


def add(settings: Settings, **values: str) -> None:
    """Insert a user, whatever the revision."""

    def run(connection: Connection) -> None:
        now = datetime.now(UTC)
        others = {
            "id": uuid4(),
            "password_hash": "none",
            "scopes": [],
            "is_active": True,
            "created_at": now,
            "updated_at": now,
        }
        connection.execute(insert(USERS).values(others | values))
        connection.commit()

    run_on_connection(settings.database, run)


def all_of(settings: Settings, name: str) -> set[str]:
    """Return what the users have in a column."""
    found: set[str] = set()

    def run(connection: Connection) -> None:
        found.update(connection.scalars(select(USERS.c[name])))

    run_on_connection(settings.database, run)
    return found


def test_accounts_that_exist_get_keys_and_keep_their_addresses(
    settings: Settings,
) -> None:
    for email in KEYS:
        add(settings, email=email)
    upgrade(settings, WITH_KEYS)
    assert all_of(settings, "email") == set(KEYS)
    assert all_of(settings, "email_key") == set(KEYS.values())
    command.downgrade(alembic_config(settings), WITHOUT_KEYS)
    assert all_of(settings, "email") == set(KEYS)


def test_the_way_back_leaves_every_address_in_one_spelling(settings: Settings) -> None:
    upgrade(settings, WITH_KEYS)
    typed = {
        "Ada@Example.ORG": "ada@example.org",
        "ada@xn--bcher-kva.example": "ada@xn--bcher-kva.example",
        "ada@straße.de": "ada@xn--strae-oqa.de",
        "ada@strasse.de": "ada@strasse.de",
    }
    for email, key in typed.items():
        add(settings, email=email, email_key=key)
    command.downgrade(alembic_config(settings), WITHOUT_KEYS)
    assert all_of(settings, "email") == {
        "ada@example.org",
        "ada@bücher.example",
        "ada@straße.de",
        "ada@strasse.de",
    }
