"""The Python of a service: all files name the chosen version, tools assume the oldest."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLDEST = "3.12"

# What code, ruff and mypy are written for, whichever interpreter is chosen.
FOR_THE_OLDEST = {
    ("project", "requires-python"): f">={OLDEST}",
    ("tool", "ruff", "target-version"): f"py{OLDEST.replace('.', '')}",
    ("tool", "mypy", "python_version"): OLDEST,
}

# Files that choose an interpreter by an image, where they are there.
BY_IMAGE = ("Dockerfile", ".gitlab-ci.yml")
IMAGE = re.compile(r"\bpython:(?P<tag>[\w.-]+)@(?P<digest>sha256:[0-9a-f]+)")

# A line that chooses an interpreter, and how it may be named: a number, a program, an image.
CHOOSES = re.compile(r"python[-_ ]?version|uv_python\b|--python\b|\buv python\b", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.])(3\.\d+)\b")
NAMED = re.compile(r"\bpython(?:: ['\"]?|[- ]?)(3\.\d+)")
TAGGED = re.compile(r"\bpython:(\w[\w.]*)")
IN_PROSE = re.compile(r"\bPython (3\.\d+)(?!\d| or |\+)")


def complaints(files: Mapping[str, str], python_version: str) -> Iterator[str]:
    """Yield where a project chooses another Python than the one that was asked for.

    Args:
        files: texts by path.
        python_version: the answer to the question of this name, such as 3.13.
    """
    if files.get(".python-version") != f"{python_version}\n":
        yield f".python-version does not say {python_version}"
    yield from _complaints_of_tools(files.get("pyproject.toml", ""))
    yield from _complaints_of_images(files, python_version)
    for name, text in files.items():
        if name in ("pyproject.toml", "uv.lock", ".python-version") or name.endswith(".py"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            others = _named(name, line) - {python_version}
            if others:
                yield f"{name}:{number} names Python {', '.join(sorted(others))}: {line.strip()}"
        if name.startswith("deploy/") and "uv.lock" in text and ".python-version" not in text:
            yield f"{name} ships uv.lock without .python-version"


def _named(name: str, line: str) -> set[str]:
    """Return the versions that a line chooses; comments on the history of Python do not count."""
    versions = {*NAMED.findall(line), *TAGGED.findall(line)}
    if CHOOSES.search(line):
        versions |= set(NUMBER.findall(line))
    if name.endswith(".md"):
        versions |= set(IN_PROSE.findall(line))
    return versions


def _complaints_of_tools(pyproject: str) -> Iterator[str]:
    try:
        settings: Any = tomllib.loads(pyproject)
    except tomllib.TOMLDecodeError:
        settings = {}
    for path, expected in FOR_THE_OLDEST.items():
        value = settings
        for key in path:
            value = value.get(key, {})
        if value != expected:
            yield f"pyproject.toml: {'.'.join(path)} is not {expected}"


def _complaints_of_images(files: Mapping[str, str], python_version: str) -> Iterator[str]:
    """Yield images of another Python. A digest counts, not the tag, so one tag has one digest."""
    digests = set()
    for name in BY_IMAGE:
        if name in files:
            images = [found.groupdict() for found in IMAGE.finditer(files[name])]
            digests |= {image["digest"] for image in images}
            if {image["tag"] for image in images} != {f"{python_version}-slim"}:
                yield f"{name} does not begin with python:{python_version}-slim and its digest"
    if len(digests) > 1:
        yield f"python:{python_version}-slim has {len(digests)} digests: {', '.join(digests)}"
