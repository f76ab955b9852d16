"""The databases that the service can run on."""

from __future__ import annotations

from typing import Final

from app.core.database.sqlite import SQLite

type Dialect = SQLite

# By the scheme of their URL.
DIALECTS: Final[dict[str, Dialect]] = {"sqlite": SQLite("sqlite+pysqlite")}
