"""The real server of a generated service, started and stopped as its owner's machine would."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from tests.postgres import free_port

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 30


def serves(project: Path, environment: dict[str, str]) -> bool:
    """Return whether the server starts with no set-up, answers, and exits with 0 on SIGTERM."""
    port = free_port()
    command = ["uv", "run", "--no-sync", "app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=project, env=environment)
    try:
        # Not ready yet: an identity provider is nothing that a fresh checkout could bring.
        answered = answers(f"http://127.0.0.1:{port}/health/live", process)
    finally:
        process.terminate()
        code = process.wait()
    return answered and code == 0


def answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Return whether a URL answers with success before its process ends or time is up."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 -- the address is our own
                return True
        except (URLError, OSError):
            time.sleep(0.1)
    return False
