"""Where commands tell of what they have done."""

from __future__ import annotations

import sys

import structlog


def events_to_stderr() -> None:
    """Keep standard output for results, which other programs may read."""
    structlog.reset_defaults()
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
