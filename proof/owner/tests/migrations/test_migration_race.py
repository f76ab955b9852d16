from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from alembic import command

from app.core.database.migrations import alembic_config, upgrade
from app.models.base import Base
from tests.processes import SECONDS
from tests.settings import make_settings
from tests.statements import tables

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stripped_url(migrated_url: str) -> Iterator[str]:
    """Give the URL of a database without tables; put them back afterwards."""
    settings = make_settings(migrated_url)
    command.downgrade(alembic_config(settings), "base")
    yield migrated_url
    upgrade(settings)


def test_six_processes_can_migrate_at_once(stripped_url: str) -> None:
    context = get_context("spawn" if sys.platform == "win32" else "forkserver")
    context.set_forkserver_preload(["app.core.database.migrations", "app.models"])
    everyone = context.Barrier(6, timeout=SECONDS)
    with ProcessPoolExecutor(6, context, everyone.wait) as pool:
        list(pool.map(upgrade, [make_settings(stripped_url)] * 6))
    assert tables(stripped_url) >= set(Base.metadata.tables)
