"""Files that git, Docker and Cloud Build ignore."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.documents.project import Project

SECRET = [".env", ".env.local", ".env.production", ".env.secrets/AUTH__SECRET_KEY", ".env.staging"]
DATA = ["app.db", "app.db-shm", "app.db-wal"]
MADE = [
    ".coverage",
    ".import_linter_cache/x",
    ".mypy_cache/x",
    ".pytest_cache/x",
    ".ruff_cache/x",
    ".venv/bin/python",
    "dist/x.whl",
    "src/app/__pycache__/x.pyc",
]
FOLDERS = [".git/config", ".venv/bin/python", "src/app/__pycache__/x.pyc"]


def verdicts(project: Project) -> Iterator[str | None]:
    """Yield for each path that is kept in or out by rule whether it is so."""
    shipped = [path for path in project.files if path != ".env" and not path.endswith("/")]
    # What commands make there is for everybody, such as the keys of hosts.
    shipped += sorted(path for path in project.made if path.startswith("deploy/"))
    yield from _ruled(".gitignore", project.files[".gitignore"], [*SECRET, *DATA, *MADE], shipped)
    if "Dockerfile" not in project.files:
        return
    needed = list(_copied(project))
    for name in (".dockerignore", ".gcloudignore"):
        if name in project.files:
            yield from _ruled(name, project.files[name], [*SECRET, *DATA, *FOLDERS], needed)
        elif name == ".dockerignore":
            yield f"there is no {name}"


def _ruled(name: str, rules: str, out: list[str], inside: list[str]) -> Iterator[str | None]:
    at_root = name == ".dockerignore"
    for path in out:
        yield None if is_ignored(path, rules, at_root=at_root) else f"{name} lets {path} in"
    for path in inside:
        yield f"{name} keeps {path} out" if is_ignored(path, rules, at_root=at_root) else None


def _copied(project: Project) -> Iterator[str]:
    """Yield the files of which the image is made."""
    copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", project.files["Dockerfile"])
    for source in " ".join(copied).split():
        yield from (file for file in project.files if f"{file}/".startswith(f"{source}/"))


@cache
def is_ignored(path: str, rules: str, *, at_root: bool = False) -> bool:
    """Return whether a file is left out by rules as git reads them.

    Args:
        path: of a file.
        rules: the text of the file with the rules; the last that matches decides, and what is
            in a folder that is left out cannot come back.
        at_root: whether a name without slash is meant at the root only, as for Docker.
    """
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        part, folder = "/".join(parts[:length]), length < len(parts)
        decided = False
        for pattern, negated, folders_only in _patterns(rules, at_root):
            if (folder or not folders_only) and pattern.fullmatch(part):
                decided = not negated
        if decided:
            return True
    return False


@cache
def _patterns(rules: str, at_root: bool) -> list[tuple[re.Pattern[str], bool, bool]]:  # noqa: FBT001
    patterns = []
    for line in rules.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        negated, rule = rule.startswith("!"), rule.removeprefix("!")
        folders_only, rule = rule.endswith("/") and not at_root, rule.rstrip("/")
        anchored, rule = at_root or "/" in rule, rule.removeprefix("/")
        if rule.startswith("**/"):
            anchored, rule = False, rule.removeprefix("**/")
        each = "/".join(
            ".*" if part == "**" else translate(part)[4:-3].replace(".*", "[^/]*")
            for part in rule.split("/")
        ).replace("/.*/", "/(?:.*/)?")
        patterns.append(
            (re.compile(each if anchored else f"(?:.*/)?{each}"), negated, folders_only)
        )
    return patterns
