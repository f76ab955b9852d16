"""Licences: the text is that of the SPDX id, and no other file of a project names another."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# SHA-256 of each text with its title, without its copyright line, its white space made one
# space. The bodies are those of spdx/license-list-data; "proprietary" is the template's own.
DIGESTS = {
    "MIT": "7c9b48b52decb9837c70f608678129e1ac79e056829c8d1e82e8cdd8aed562f8",
    "Apache-2.0": "0649bc87ac07c40d996369e9e058b11734e3eedb25ae8be9e6293f1efb340353",
    "BSD-3-Clause": "77bebd765dc6e78c3feb4e9856b5d733a736a0ce9621764f9a604daf488d6941",
    "proprietary": "7c71bdeaa0d286f27079cde639453011d8c6502a30c52c4c98edeb6db80daa89",
}
COPYRIGHT = re.compile(r"^ *Copyright \(c\) (?P<holder>.+)$", re.MULTILINE)
RESERVED = " All rights reserved."

# How licences are named: an id anywhere, a short name in a line that speaks of a licence.
FAMILIES = {
    "MIT": r"\bMIT\b",
    "Apache-2.0": r"\bApache\b",
    "BSD-3-Clause": r"\bBSD\b",
    "proprietary": r"\bproprietary\b",
    "none of the answers": r"\b[AL]?GPL\b",
}
SPEAKS = re.compile(
    r"licen[sc]e|Apache-2|BSD-\d|proprietary (?:and|software)|all rights reserved", re.IGNORECASE
)


def complaints(files: Mapping[str, str], license: str) -> Iterator[str]:  # noqa: A002
    """Yield what in a project is at odds with its licence.

    Args:
        files: texts by path.
        license: the answer to the question of this name: an SPDX id, or `proprietary`.
    """
    project = _project(files)
    expression = "LicenseRef-Proprietary" if license == "proprietary" else license
    if project.get("license") != expression:
        yield f"pyproject.toml: license is {project.get('license')}, not {expression}"
    text = files.get("LICENSE", "")
    if _digest(text) != DIGESTS[license]:
        yield f"LICENSE is not the text of {license}"
    yield from _complaints_of_holder(text, project)
    for name, content in files.items():
        if name not in ("LICENSE", "uv.lock"):
            yield from _complaints_of_mentions(name, content, license)


def _project(files: Mapping[str, str]) -> dict[str, Any]:
    """Return the [project] of pyproject.toml, or nothing where it cannot be read."""
    try:
        project = tomllib.loads(files["pyproject.toml"])["project"]
    except (KeyError, tomllib.TOMLDecodeError):
        return {}
    return dict(project)


def _digest(text: str) -> str:
    words = COPYRIGHT.sub("", text).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def _complaints_of_holder(text: str, project: dict[str, Any]) -> Iterator[str]:
    """Yield why the copyright line is not "Copyright (c) AUTHOR"; it names no year."""
    authors = [author.get("name") for author in project.get("authors", [])]
    holders = [found["holder"].removesuffix(RESERVED) for found in COPYRIGHT.finditer(text)]
    if not any(holders in ([author], [f"{author}."]) for author in authors):
        yield f"LICENSE: the copyright is that of {holders}, but the authors are {authors}"


@cache
def _complaints_of_mentions(name: str, content: str, license: str) -> list[str]:  # noqa: A002
    return [
        f"{name}:{number} names another licence than {license}: {line.strip()}"
        for number, line in enumerate(content.splitlines(), 1)
        if SPEAKS.search(line)
        for other, family in FAMILIES.items()
        if other != license and re.search(family, line, re.IGNORECASE)
    ]
