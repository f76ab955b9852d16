"""Renew the lock file of the services: python -m proof.locks [uv lock's options].

Services with the same answers to a few questions have the same dependencies. Each such set
is resolved by itself, starting from the versions that all sets together resolve to, so that
a package has one version in the template. What uv writes is then merged into one file, in
which a package that not all sets have is a condition on `__lock`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cookiecutter.utils import create_env_with_context

from proof import matrix
from proof.generation import context

PROJECT = matrix.ROOT / "{{cookiecutter.project_slug}}"
LOCK = PROJECT / "uv.lock"
NAME = "{{ cookiecutter.project_slug }}"


def projects() -> dict[str, str]:
    """Return a pyproject.toml for each set of dependencies, by the value of `__lock`.

    Raises:
        ValueError: two combinations have one value and different dependencies.
    """
    source = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for combination in matrix.product(matrix.read_questions()):
        if combination.refused_because:
            continue
        answered = context(matrix.ROOT, combination.answers)
        rendered = create_env_with_context(answered).from_string(source).render(**answered)
        name = answered["cookiecutter"]["__lock"]
        if dependencies(found.setdefault(name, rendered)) != dependencies(rendered):
            message = f"__lock = {name} stands for more than one set of dependencies"
            raise ValueError(message)
    return found


def dependencies(pyproject: str) -> tuple[Any, ...]:
    """Return what a lock file depends on."""
    read = tomllib.loads(pyproject)
    project = read["project"]
    return project["dependencies"], read["dependency-groups"], project["requires-python"]


def everything(sets: dict[str, str]) -> str:
    """Return a pyproject.toml with the dependencies of all sets."""
    read = [dependencies(pyproject) for pyproject in sets.values()]
    wanted = sorted({requirement for needed, _, _ in read for requirement in needed})
    _, groups, python = read[0]
    return (
        f'[project]\nname = "all"\nversion = "0"\nrequires-python = "{python}"\n'
        f"dependencies = {wanted}\n[dependency-groups]\ndev = {groups['dev']}\n"
    )


def resolve(pyproject: str, folder: Path, *options: str) -> str:
    """Return what uv locks; versions in a lock file that is there are kept where they fit."""
    (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    subprocess.run(["uv", "lock", "--quiet", *options], cwd=folder, check=True)
    return (folder / "uv.lock").read_text(encoding="utf-8")


def blocks(lock: str, own_name: str) -> dict[str, str]:
    """Return the parts of a lock file by package; the service itself comes first."""
    head, *packages = re.split(r"^(?=\[\[package\]\])", lock, flags=re.MULTILINE)
    parts = {re.findall(r'^name = "(.+)"', part, re.MULTILINE)[0]: part for part in packages}
    own = parts.pop(own_name).replace(f'name = "{own_name}"', f'name = "{NAME}"', 1)
    return {"": head, NAME: own, **parts}


def merged(locks: dict[str, dict[str, str]]) -> str:
    """Return one template that renders to each of the lock files."""
    lines = []
    every = sorted({name for parts in locks.values() for name in parts}, key=_place)
    for name in every:
        holders: dict[str, list[str]] = {}
        for key, parts in locks.items():
            if name in parts:
                holders.setdefault(parts[name].strip() + "\n\n", []).append(key)
        for part, keys in holders.items():
            if len(keys) == len(locks):
                lines.append(part)
            else:
                known = ", ".join(f'"{key}"' for key in keys)
                condition = f"cookiecutter.__lock in ({known},)"
                lines.append(f"#% if {condition}\n{part}#% endif\n")
    return "".join(lines).rstrip() + "\n"


def _place(name: str) -> tuple[int, str]:
    return (["", NAME].index(name) if name in {"", NAME} else 2, name)


def main(*options: str) -> None:
    """Resolve and write."""
    sets = projects()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        together = resolve(everything(sets), folder, *options)
        locks = {}
        for key, pyproject in sets.items():
            (folder / "uv.lock").write_text(together, encoding="utf-8")
            name = tomllib.loads(pyproject)["project"]["name"]
            locks[key] = blocks(resolve(pyproject, folder), name)
    LOCK.write_text(merged(locks), encoding="utf-8", newline="\n")
    print(f"{LOCK.name}: {len(locks)} sets of dependencies")


if __name__ == "__main__":
    main(*sys.argv[1:])
