"""How tests run `app` as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.environment import environment

if TYPE_CHECKING:
    from pathlib import Path

APP = [sys.executable, "-c", "from app.cli import main; main()"]

# A process that takes longer has stopped working.
SECONDS = 60


def run_app(
    directory: Path, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `app` to its end; return its status and what it wrote."""
    return subprocess.run(  # noqa: S603
        [*APP, *arguments],
        cwd=directory,
        env=environment(**settings),
        capture_output=True,
        check=False,
        text=True,
        timeout=SECONDS,
    )
