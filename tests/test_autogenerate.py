"""`alembic revision --autogenerate` writes migrations that need no work by hand."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.environments import installed, servers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAMEWORKS = matrix.choices(matrix.read_questions())["framework"]

MODEL = '''"""Notes."""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Entity, UtcDateTime


class Colour(enum.Enum):
    """A colour."""

    RED = "red"
    GREEN = "green"


class Note(Entity):
    """A note."""

    __tablename__ = "notes"
'''

# Every generic type of SQLAlchemy, and ours; `{}` tells two sets of columns of one table apart.
COLUMNS = """
    {}string: Mapped[str | None] = mapped_column(sa.String(20), unique=True)
    {}text: Mapped[str | None] = mapped_column(sa.Text)
    {}unicode: Mapped[str | None] = mapped_column(sa.Unicode(20))
    {}unicode_text: Mapped[str | None] = mapped_column(sa.UnicodeText)
    {}integer: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    {}big_integer: Mapped[int | None] = mapped_column(sa.BigInteger)
    {}small_integer: Mapped[int | None] = mapped_column(sa.SmallInteger)
    {}numeric: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    {}float: Mapped[float | None] = mapped_column(sa.Float)
    {}double: Mapped[float | None] = mapped_column(sa.Double)
    {}boolean: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    {}date: Mapped[date | None] = mapped_column(sa.Date)
    {}date_time: Mapped[datetime | None] = mapped_column(sa.DateTime)
    {}zoned: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    {}time: Mapped[time | None] = mapped_column(sa.Time)
    {}interval: Mapped[timedelta | None] = mapped_column(sa.Interval)
    {}binary: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    {}json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    {}uuid: Mapped[UUID | None] = mapped_column(sa.Uuid)
    {}utc: Mapped[datetime | None]
    {}explicit_utc: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    {}now: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    {}colour: Mapped[Colour | None]
    {}native: Mapped[Colour] = mapped_column(sa.Enum(Colour), server_default="RED")
    {}words: Mapped[str | None] = mapped_column(sa.Enum("a", "b", name="words"))
    {}literal: Mapped[Literal["a", "b"] | None]
    {}parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("notes.id"), index=True)
"""

# Run by the service, with the URLs of its databases.
UP_DOWN_UP = """
import sys
from alembic import command
from app.core.database.migrations import alembic_config
from tests.settings import make_settings

for url in sys.argv[1:]:
    config = alembic_config(make_settings(url))
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "-1")
    command.upgrade(config, "head")
    command.check(config)
"""

KEEP = """
import sys
from app.core.database import run_on_connection
from app.models.note import Colour, Note
from sqlalchemy import insert, select
from tests.settings import make_settings

def keep(connection):
    connection.execute(insert(Note).values(first_colour=Colour.RED, second_native=Colour.GREEN))
    kept = connection.execute(select(Note.first_colour, Note.first_native, Note.second_native))
    assert tuple(kept.one()) == (Colour.RED, Colour.RED, Colour.GREEN)
    connection.rollback()

for url in sys.argv[1:]:
    run_on_connection(make_settings(url).database, keep)
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_type_is_migrated_up_and_down_without_work_by_hand(
    bake: Callable[..., Path], tmp_path: Path, framework: str, database: str
) -> None:
    project = bake(framework=framework, auth="jwt+api_key", deploy="none", ci="none")
    with ExitStack() as stack:
        environment = stack.enter_context(installed(project, "shared"))
        environment |= stack.enter_context(servers("postgresql"))
        urls = [f"sqlite:///{tmp_path / 'app.db'}", environment["TEST_DATABASE_URL"]]
        environment["DATABASE__URL"] = urls[database == "postgresql"]

        def run(*command: str) -> None:
            subprocess.run(
                ["uv", "run", "--quiet", *command], cwd=project, env=environment, check=True
            )

        def migrate(message: str, *options: str) -> None:
            run("app", "migrate")
            run("alembic", "revision", *options, "-m", message)
            run("ruff", "format", "migrations")
            run("ruff", "check", "--fix", "migrations")
            run("ruff", "format", "--check", "migrations")
            run("python", "-c", UP_DOWN_UP, *urls)

        model = project / "src" / "app" / "models" / "note.py"
        model.write_text(MODEL + COLUMNS.replace("{}", "first_"), encoding="utf-8")
        migrate("create notes", "--autogenerate")
        with model.open("a", encoding="utf-8") as columns:
            columns.write(COLUMNS.replace("{}", "second_"))
        migrate("add columns", "--autogenerate")
        migrate("Ändere von Hand, was sich nicht vergleichen lässt")
        run("python", "-c", KEEP, *urls)
        with_blue = model.read_text("utf-8").replace("    RED", '    ULTRAMARINE = "blue"\n    RED')
        model.write_text(with_blue, encoding="utf-8")
        run("alembic", "check")
        run("mypy", "migrations")
        run("pytest", "--quiet", "--no-cov", "tests/migrations")
        model.unlink()
        migrate("drop notes", "--autogenerate")
        run("pytest", "--quiet", "--no-cov", "tests/migrations")
