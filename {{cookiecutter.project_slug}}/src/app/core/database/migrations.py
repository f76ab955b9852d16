"""Database migrations."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from app.core.database.dialects import DIALECTS
from app.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from app.core.settings import Settings

logger = structlog.get_logger(__name__)

# How long to try again while other transactions hold locks, and the pauses between.
LOCK_SECONDS = 300
_PAUSE_SECONDS = (1.0, 3.0)

# Beside the sources in a checkout; in the working directory of an image.
_PLACES: Final = (Path(__file__).parents[4], Path.cwd())


def alembic_config(settings: Settings) -> Config:
    """Return the Alembic configuration for these settings."""
    candidates = (place / "alembic.ini" for place in _PLACES)
    config = Config(next(ini for ini in candidates if ini.exists()))
    config.attributes["settings"] = settings
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Upgrade the database; wait while another process does so.

    A migration that does not get a lock is rolled back and tried again, so that
    requests do not queue behind it.

    Raises:
        ConfigurationError: the revision does not exist.
        UnavailableError: the database is unavailable, or a table stays locked.
    """
    dialect = DIALECTS[settings.database.address().get_backend_name()]
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return command.upgrade(alembic_config(settings), revision)
        except CommandError as error:
            raise ConfigurationError(str(error)) from error
        except OSError as error:
            raise _unavailable(error) from error
        except DBAPIError as error:
            if not dialect.is_transient(error):
                raise
            if not dialect.is_locked(error):
                raise _unavailable(error.orig) from error
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"The database stays locked: {error.statement}"
                ) from error
            logger.warning("migration_waits_for_lock", statement=error.statement)
        time.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311  # no secret


def _unavailable(reason: BaseException | None) -> UnavailableError:
    return UnavailableError(f"The database is not available: {reason}")
