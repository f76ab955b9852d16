"""Running the commands of generated projects."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What the project's tools would take for theirs.
OURS = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH"}

LINES_OF_A_FAILURE = 80


class CommandError(Exception):
    """A command failed; the text says which, and what it wrote."""


def users_environment() -> dict[str, str]:
    """Return the environment that a user's shell would have."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command in a folder and return what it wrote.

    Raises:
        CommandError: it did not succeed.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-LINES_OF_A_FAILURE:])
        message = f"{' '.join(command)} exits with {done.returncode}\n{end}"
        raise CommandError(message)
    return done.stdout
