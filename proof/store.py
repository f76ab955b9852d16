"""Results that are kept between runs, by key."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from proof import matrix
from proof.modes import mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FOLDER = matrix.ROOT / ".cache" / "matrix"


def digest(*parts: object) -> str:
    """Return a fingerprint of anything that JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def digest_of_files(paths: Iterable[Path], root: Path) -> str:
    """Return a fingerprint of the names, modes and contents of files."""
    return digest(
        [
            (
                path.relative_to(root).as_posix(),
                mode(path),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
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
        path
        for kind in ("py", "json")
        for path in (matrix.ROOT / "proof").rglob(f"*.{kind}")
        if matrix.OWNER not in path.parents  # of these, each result names those that it ran
    ]
    return digest(packages, uv, platform.platform(), digest_of_files(sources, matrix.ROOT))


def read(key: str) -> Any:
    """Return what was kept under a key, or None; a file that a power cut spoilt is removed."""
    path = _path(key)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        path.unlink(missing_ok=True)
        return None


def keep(key: str, content: object) -> None:
    """Keep something under a key: whole, or not at all if this is interrupted."""
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    unfinished.replace(path)


def publish(making: Path, folder: Path) -> None:
    """Give a folder its name: it is whole or not there, however the run that made it ended."""
    try:
        making.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(making)  # somebody else was quicker


@contextmanager
def in_use() -> Iterator[None]:
    """Note, within the block, that this process uses what is kept."""
    mark = FOLDER / "running" / str(os.getpid())
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def forget() -> list[int]:
    """Forget all results, and the environments unless another run uses them.

    Returns:
        The process ids of the other runs.
    """
    running = [int(mark.name) for mark in (FOLDER / "running").glob("*")]
    others = [pid for pid in running if pid != os.getpid() and is_alive(pid)]
    shutil.rmtree(FOLDER / "results", ignore_errors=True)
    if not others:
        shutil.rmtree(FOLDER / "environments", ignore_errors=True)
    return others


def is_alive(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _path(key: str) -> Path:
    return FOLDER / "results" / key[:2] / f"{key}.json"
