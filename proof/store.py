"""Results that are kept between runs, by key."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

from proof import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FOLDER = matrix.ROOT / ".cache" / "matrix"


def digest(*parts: object) -> str:
    """Return a fingerprint of anything that JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def digest_of_files(paths: Iterable[Path], root: Path) -> str:
    """Return a fingerprint of the names and contents of files."""
    return digest(
        [
            (path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(paths)
        ]
    )


@cache
def tools() -> str:
    """Return a fingerprint of what proves: this program, its packages and the machine."""
    packages = sorted(
        f"{distribution.name}=={distribution.version}"
        for distribution in importlib.metadata.distributions()
    )
    uv = subprocess.run(["uv", "--version"], check=True, capture_output=True, text=True).stdout
    sources = [
        path for kind in ("py", "json") for path in (matrix.ROOT / "proof").rglob(f"*.{kind}")
    ]
    return digest(packages, uv, platform.platform(), digest_of_files(sources, matrix.ROOT))


def read(key: str) -> Any:
    """Return what was kept under a key, or None."""
    try:
        return json.loads(_path(key).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def keep(key: str, content: object) -> None:
    """Keep something under a key: whole, or not at all if this is interrupted."""
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    unfinished.replace(path)


def _path(key: str) -> Path:
    return FOLDER / "results" / key[:2] / f"{key}.json"
