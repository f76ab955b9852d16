"""Database migrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from app.core.database.dialects import DIALECTS
from app.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from app.core.settings import Settings

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

    Raises:
        ConfigurationError: the revision does not exist.
        UnavailableError: the database is unavailable.
    """
    try:
        command.upgrade(alembic_config(settings), revision)
    except CommandError as error:
        raise ConfigurationError(str(error)) from error
    except OSError as error:
        raise _unavailable(error) from error
    except DBAPIError as error:
        dialect = DIALECTS[settings.database.address().get_backend_name()]
        if not dialect.is_transient(error):
            raise
        raise _unavailable(error.orig) from error


def _unavailable(reason: BaseException | None) -> UnavailableError:
    return UnavailableError(f"The database is not available: {reason}")
