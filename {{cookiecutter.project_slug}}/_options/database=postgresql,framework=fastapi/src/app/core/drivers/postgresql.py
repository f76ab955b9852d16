"""asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError, IntegrityError

    from app.core.sections import DatabaseSettings

NAME: Final = "postgresql+asyncpg"


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the driver's own options; the server wants milliseconds."""
    return {
        "timeout": settings.connect_timeout,
        "server_settings": {
            "statement_timeout": str(settings.statement_timeout * 1000),
            "idle_in_transaction_session_timeout": "60000",
        },
    }


def constraint_name(error: IntegrityError) -> str | None:
    """Return the violated constraint's name, which asyncpg's own error knows."""
    return getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)


def sqlstate(error: DBAPIError) -> str | None:
    """Return the server's five-character error code."""
    return getattr(error.orig, "sqlstate", None)
