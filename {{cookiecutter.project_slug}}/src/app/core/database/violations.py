"""Violated constraints, as domain errors."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from app.errors import AppError, ConflictError, InvalidDataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext

    from app.core.database.dialects import Dialect

logger = structlog.get_logger(__name__)


def translate_violations(engine: Engine, dialect: Dialect) -> None:
    """Raise the domain error of a violated constraint instead of IntegrityError."""

    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> AppError | None:
        error = context.sqlalchemy_exception
        if not isinstance(error, IntegrityError):
            return None
        constraint = dialect.violated_constraint(error) or "unknown"
        violation = error_of(constraint)
        if type(violation) in {ConflictError, InvalidDataError}:  # no rule foresaw it
            logger.warning("constraint_violated", constraint=constraint)
        return violation


def error_of(constraint: str) -> AppError:
    """Return the error that names this constraint, else a conflict."""
    for error in _errors(AppError):
        if any(fnmatchcase(constraint, name) for name in error.constraints):
            return error()
    return ConflictError()


def _errors(kind: type[AppError]) -> Iterator[type[AppError]]:
    """Yield all errors, the narrowest first."""
    for error in kind.__subclasses__():
        yield from _errors(error)
    yield kind
