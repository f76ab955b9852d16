"""Running the commands of generated projects."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from proof import matrix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What the project's tools would take for theirs.
OURS = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH"}

LINES_OF_A_FAILURE = 80


class CommandError(Exception):
    """A command failed.

    Attributes:
        command: the command.
        code: what it exited with.
        output: the end of what it wrote.
    """

    def __init__(self, command: list[str], code: int, output: str) -> None:
        self.command, self.code = command, code
        self.output = "\n".join(output.splitlines()[-LINES_OF_A_FAILURE:])
        super().__init__(f"{' '.join(command)} exits with {code}\n{self.output}")


@cache
def interpreter() -> str:
    """Return the Python that a project asks for, or else one that it supports."""
    asked: str = matrix.read_questions()["python_version"][0]
    found = subprocess.run(["uv", "python", "find", asked], check=False, capture_output=True)
    return asked if found.returncode == 0 else ">=3.12"


def users_environment() -> dict[str, str]:
    """Return the environment that a user's shell would have, with a Python that is there."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | {"UV_PYTHON": interpreter()}


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
        raise CommandError(command, done.returncode, done.stdout)
    return done.stdout
