"""What the real Caddy says of a Caddyfile."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLE = re.compile(r"\{\$(\w+)\}")


def complaints(caddyfile: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a Caddyfile that is run with these variables.

    Where no Caddy is found, only its variables are looked at, and this is said.
    """
    for name in sorted(set(VARIABLE.findall(caddyfile.read_text(encoding="utf-8")))):
        if name not in environment:
            yield f"{caddyfile.name} reads {name}, which nothing sets"
    caddy = shutil.which("caddy") or shutil.which("caddy", path=Path(sys.executable).parent)
    if caddy is None:
        print(f"NO CADDY HERE: {caddyfile} was not validated", file=sys.stderr)
        return
    with TemporaryDirectory() as home:
        folders = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
        for command in (["validate", "--adapter=caddyfile", "--config"], ["fmt", "--diff"]):
            found = subprocess.run(
                [caddy, *command, caddyfile],
                env={**os.environ, **folders, **environment},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            if found.returncode:
                yield f"caddy {command[0]} refuses {caddyfile.name}: {_reason(found)}"


def _reason(found: subprocess.CompletedProcess[str]) -> str:
    """Return the message of the last line of the log, which is the error."""
    last = found.stderr.strip().rpartition("\n")[-1]
    try:
        return str(json.loads(last)["msg"])
    except (ValueError, TypeError, KeyError):
        return last
