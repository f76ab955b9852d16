"""Tests of the plumbing that owners do not get: laid over a service, run, and taken away.

They lie in `proof/owner/` as the template's own files do: a base, and a folder of `_options/`
for each condition; the hook that lays a service lays them, too.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof import matrix
from proof.generation import context, load_hook

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import ModuleType

OWNER = matrix.ROOT / "proof" / "owner"


@cache
def _hook() -> ModuleType:
    return load_hook(matrix.ROOT, "post_gen_project", context(matrix.ROOT))


@contextmanager
def laid(tree: Path, facts: Collection[str]) -> Iterator[list[str]]:
    """Lay the tests over a service within the block, and yield the paths of their files.

    Args:
        tree: the service.
        facts: its facts, which decide the folders that are laid.

    Raises:
        FileExistsError: the service has a file of that name.
    """
    with TemporaryDirectory() as scratch:
        tests = Path(scratch, "laid")
        shutil.copytree(OWNER, tests)
        _hook().lay_options(tests, set(facts))
        if "async=no" in facts:
            _hook().make_synchronous(tests)
        names = sorted(p.relative_to(tests).as_posix() for p in tests.rglob("*.py"))
        if clash := [name for name in names if (tree / name).exists()]:
            message = f"the service has {', '.join(clash)}, too"
            raise FileExistsError(message)
        shutil.copytree(tests, tree, dirs_exist_ok=True)
    try:
        yield names
    finally:
        for name in names:
            (tree / name).unlink()
