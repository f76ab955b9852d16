"""What the service logs while a test runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the events since the last call; a line that is no JSON fails the test."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
