from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.core.database.migrations import alembic_config
from tests.processes import SECONDS
from tests.settings import make_settings
from tests.statements import execute

if TYPE_CHECKING:
    from alembic.config import Config

REVISION = """
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    op.execute("CREATE TABLE probe (place text, name text, value text)")
    note("transaction")
    with op.get_context().autocommit_block():
        note("autocommit")
        op.execute("CREATE INDEX CONCURRENTLY ix_probe ON probe (name)")


def note(place):
    op.execute(
        "INSERT INTO probe SELECT '" + place + "', name, setting FROM pg_settings"
        " WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout')"
        " UNION ALL SELECT '" + place + "', 'locks', count(*)::text FROM pg_locks"
        " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    )


def downgrade():
    op.drop_table("probe")
"""


def config_in(folder: Path, url: str) -> Config:
    config = alembic_config(make_settings(url))
    config.set_main_option("script_location", str(folder))
    return config


def migrate(folder: Path, url: str) -> None:
    command.upgrade(config_in(folder, url), "head")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session")
def test_six_processes_can_index_concurrently_without_limits_under_the_lock(
    migrated_url: str, tmp_path: Path
) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(make_settings(migrated_url)))
    head = scripts.get_current_head()
    folder = tmp_path / "migrations"
    shutil.copytree(scripts.dir, folder)
    (folder / "versions" / "next.py").write_text(REVISION.format(head=head))
    context = get_context("forkserver")
    everyone = context.Barrier(6, timeout=SECONDS)
    try:
        with ProcessPoolExecutor(6, context, everyone.wait) as pool:
            list(pool.map(migrate, [folder] * 6, [migrated_url] * 6))
        found = execute(migrated_url, text("SELECT place, name, value FROM probe"))
    finally:
        command.downgrade(config_in(folder, migrated_url), str(head))
    assert {tuple(row) for row in found} == {
        (place, name, value)
        for place in ("transaction", "autocommit")
        for name, value in (
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("locks", "1"),
        )
    }
