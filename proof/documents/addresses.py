"""The addresses of the service that documents call."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from proof.documents.markdown import found_in, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.documents.project import Project

LOCAL = re.compile(r"https?://(?:127\.0\.0\.1|localhost):(\d+)")
PATH = re.compile(
    r"(?:https?://(?:127\.0\.0\.1|localhost|[\w-]+\.example\.com|[\w-]+\.fly\.dev)(?::\d+)?"
    r"|\)|(?<=[`\" ]))(/(?:api/v1|health|docs)(?:/[\w{}-]+)*)(?![\w.])"
)


def verdicts(project: Project) -> Iterator[str | None]:
    """Yield for each address whether the service listens there and has such a path."""
    port = _port(project.files["src/app/commands/serve.py"])
    known = _words(tuple(t for f, t in project.files.items() if f.startswith("src/app/api/")))
    for name, text in project.pages.items():
        for found in found_in(LOCAL, text):
            yield None if found == port else f"{name}: the service does not listen on {found}"
        code = "\n".join(block for _, block in page(text).blocks)
        for path in [*found_in(PATH, page(text).prose), *found_in(PATH, f" {code}")]:
            unknown = [
                part
                for part in path.strip("/").split("/")
                if re.fullmatch(r"[a-z][\w-]*", part) and part not in known and part != "notes"
            ]
            yield f"{name}: the service has no {path}" if unknown else None


@cache
def _port(serve: str) -> str:
    found = re.search(r"\"--port\".*?default=(\d+)", serve, re.DOTALL)
    return found[1] if found else ""


@cache
def _words(sources: tuple[str, ...]) -> frozenset[str]:
    """Return the parts of all paths that are written in these."""
    strings = re.findall(r"\"(/[\w/{}<>:-]*)\"", "\n".join(sources))
    return frozenset(part for string in strings for part in string.split("/"))
