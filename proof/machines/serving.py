"""The real server of a generated service, started and stopped as its owner's machine would."""

from __future__ import annotations

import subprocess
import time
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from proof.machines.postgres import free_port

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 30


def serves(project: Path, environment: dict[str, str]) -> list[str]:
    """Return what is wrong with the server: it starts with no set-up, answers, and ends with 0."""
    port = free_port()
    command = ["uv", "run", "--no-sync", "app", "serve", "--port", str(port)]
    with TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
        try:
            # Not ready yet: an identity provider is nothing that a fresh checkout could bring.
            answered = answers(f"http://127.0.0.1:{port}/health/live", process)
        finally:
            process.terminate()
            code = process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace")
    if answered and code == 0:
        return []
    return [f"{' '.join(command)} answers: {answered}, exits with {code}\n{said}"]


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
