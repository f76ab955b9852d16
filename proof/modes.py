"""Modes of a project's files: scripts are executable, and nobody but the owner may write."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WINDOWS = os.name == "nt"
SECRET = 0o600


def mode(path: Path) -> str:
    """Return what Git keeps of a file's mode: `x` if it is executable, else nothing."""
    return "x" if not WINDOWS and path.stat().st_mode & 0o111 else ""


def complaints(folder: Path) -> Iterator[str]:
    """Yield each file of a generated project whose mode is wrong; Windows has no modes."""
    if WINDOWS:
        print("MODES ARE NOT CHECKED: Windows has none", file=sys.stderr)
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            bits = path.stat().st_mode & 0o777
            for problem in _problems(path, bits):
                yield f"{path.relative_to(folder).as_posix()} has mode {bits:04o}: {problem}"


def has_shebang(path: Path) -> bool:
    """Return whether a file begins with a shebang."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _problems(path: Path, bits: int) -> Iterator[str]:
    script = has_shebang(path)
    if script and bits & 0o111 != (bits & 0o444) >> 2:
        yield "a script must be executable for all that may read it"
    if not script and bits & 0o111:
        yield "only a file with a shebang may be executable"
    if bits & 0o022:
        yield "only the owner may write"
    if path.name == ".env" and bits != SECRET:
        yield "only the owner may read secrets"
