"""The database: its engine, transactions and migrations."""

from __future__ import annotations

from app.core.database.dialects import Dialect
from app.core.database.engine import Database, Session, run_on_connection

__all__ = ["Database", "Dialect", "Session", "run_on_connection"]
