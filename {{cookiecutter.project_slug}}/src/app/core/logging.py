"""Structured logs: JSON lines, or readable lines in development."""

from __future__ import annotations

import logging
import logging.config
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from app.core.settings import Environment, Settings

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


REQUEST_ID: ContextVar[str] = ContextVar("request_id")
CLIENT: ContextVar[str] = ContextVar("client")


def _add_request(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add the id and the client address of the request to an event."""
    for name, variable in (("request_id", REQUEST_ID), ("client", CLIENT)):
        if value := variable.get(None):
            event.setdefault(name, value)
    return event


def _to_json(event: EventDict, **_: Any) -> bytes:  # noqa: ANN401
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS)


def _readable_lines() -> structlog.dev.ConsoleRenderer:
    """Render for a terminal; other traceback formats would print local variables."""
    return structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )


def configure_logging(settings: Settings) -> None:
    """Log events of the service and its libraries to standard output."""
    readable = settings.environment is Environment.DEVELOPMENT
    level = logging.DEBUG if settings.debug else logging.INFO
    shared: list[Processor] = [
        _add_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not readable:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[
            *shared,
            _readable_lines()
            if readable
            else structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory()
        if readable
        else structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=settings.environment is not Environment.TEST,
    )
    logging.config.dictConfig(_for_libraries(shared, readable=readable))


def _for_libraries(shared: list[Processor], *, readable: bool) -> dict[str, Any]:
    """Configure `logging`, which libraries use, to write the same format."""
    renderer = (
        _readable_lines()
        if readable
        else structlog.processors.JSONRenderer(
            serializer=lambda event, **_: _to_json(event).decode(),
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            },
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": sys.stdout,
                "formatter": "structured",
            },
        },
        "root": {"handlers": ["stdout"], "level": "WARNING"},
        "loggers": {"alembic.runtime.migration": {"level": "INFO"}},
    }
