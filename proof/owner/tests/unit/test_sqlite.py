from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from app.cli import main
from app.core.database import migrations

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("scratch")


def test_migrate_gives_up_on_a_locked_file(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", -1)
    locked = {"DATABASE__URL": "sqlite:///app.db", "DATABASE__LOCK_TIMEOUT": "0.1"}
    runner = CliRunner(env={"ENVIRONMENT": "test"} | locked)
    runner.invoke(main, ["migrate"])
    with closing(sqlite3.connect(scratch / "app.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        result = runner.invoke(main, ["migrate"])
    assert result.exit_code == 1, result.output
    assert "locked" in result.stderr
    assert "Traceback" not in result.output
