"""Logging of commands."""

from __future__ import annotations

import sys

import structlog


def events_to_stderr() -> None:
    """Log to standard error: standard output is for results, read by programs."""
    structlog.reset_defaults()
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
