"""The standard library's sqlite3."""

from __future__ import annotations

from typing import Final

NAME: Final = "sqlite+pysqlite"
