"""Validation of a Caddyfile by Caddy."""

from __future__ import annotations

import json
import re
import subprocess
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof.commands import users_environment
from proof.surroundings import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VARIABLE = re.compile(r"\{\$(\w+)\}")


def executable() -> str:
    """Return where Caddy is.

    Raises:
        MissingError: it is nowhere.
    """
    return program("caddy", "it is in the group `tests` of pyproject.toml, but not for Windows")


def complaints(caddyfile: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a Caddyfile that is run with these variables.

    Raises:
        MissingError: there is no Caddy.
    """
    for name in sorted(set(VARIABLE.findall(caddyfile.read_text(encoding="utf-8")))):
        if name not in environment:
            yield f"{caddyfile.name} reads {name}, which nothing sets"
    caddy = executable()
    with TemporaryDirectory() as home:
        folders = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
        for command in (["validate", "--adapter=caddyfile", "--config"], ["fmt", "--diff"]):
            found = subprocess.run(
                [caddy, *command, caddyfile],
                env={**users_environment(), **folders, **environment},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            if found.returncode:
                yield f"caddy {command[0]} refuses {caddyfile.name}: {_reason(found)}"


def about_bodies(caddyfile: str) -> Iterator[str]:
    """Yield what lets slow clients occupy the service, or Caddy, with their bodies."""
    if not re.search(r"^\t\trequest_buffers 1MiB$", caddyfile, re.MULTILINE):
        yield "deploy/Caddyfile: slow clients send their bodies to the service itself"
    if not re.search(r"^\t+read_body \d+s$", caddyfile, re.MULTILINE):
        yield "deploy/Caddyfile: slow clients may hold connections for ever (read_body)"


def _reason(found: subprocess.CompletedProcess[str]) -> str:
    """Return the message of the last line of the log, which is the error."""
    last = found.stderr.strip().rpartition("\n")[-1]
    try:
        return str(json.loads(last)["msg"])
    except (ValueError, TypeError, KeyError):
        return last
