"""The project that documents are compared with, read once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from proof.documents.click_commands import Verb, program
from proof.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# What stands for something else in documents, as people write it.
PLACEHOLDER = re.compile(
    r"\bNAME\b|yyyy|[<>{}*$]|\.\.\.|Note|(?<![a-z])notes?(?![a-z])|\bOWNER/|\bREPOSITORY\b"
)
FILE = re.compile(
    r"\.?[\w-][\w.-]*\.(cfg|conf|crt|db|dump|example|html|ini|js|json|lock|md|mako|py|service|sh"
    r"|socket|sql|toml|txt|ya?ml)|\.env|\.git\w+|Dockerfile|Caddyfile"
)
# Files that tools and the service make, and which no source names.
MADE = {".coverage", ".env", ".venv"}


@dataclass(frozen=True)
class Project:
    """The texts of all files of a project by path."""

    files: Mapping[str, str]
    made: set[str] = field(default_factory=lambda: set(MADE))

    @cached_property
    def folders(self) -> set[str]:
        """The paths of all folders."""
        return set().union(*map(_folders_of, self.files))

    @cached_property
    def pages(self) -> dict[str, str]:
        """The texts of all Markdown pages."""
        return {name: text for name, text in self.files.items() if name.endswith(".md")}

    @cached_property
    def others(self) -> dict[str, str]:
        """The texts, but for Python, that documents may speak of."""
        silent = {"uv.lock", "LICENSE", ".env"}
        return {
            name: text
            for name, text in self.files.items()
            if name not in silent and not name.endswith((".md", ".py"))
        }

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The texts of all Python modules."""
        return tuple(text for name, text in self.files.items() if name.endswith(".py"))

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of both, and of the names of files."""
        return _all_words(self.sources) | _all_words((*self.files, *self.others.values()))

    @cached_property
    def deployed(self) -> frozenset[str]:
        """All words of what is in `deploy/`."""
        others = self.others.items()
        return _all_words(tuple(text for name, text in others if name.startswith("deploy/")))

    @cached_property
    def settings(self) -> dict[str, bool]:
        """The settings, each with whether it has no default."""
        return _settings(tuple(self.package.values()))

    @cached_property
    def package(self) -> dict[str, str]:
        """The service's own modules."""
        return {
            name: text
            for name, text in self.files.items()
            if name.startswith("src/app/") and name.endswith(".py")
        }

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """What pyproject.toml says."""
        return _toml(self.files["pyproject.toml"])

    @cached_property
    def dependencies(self) -> set[str]:
        """The names of what the project depends on."""
        return {name_of(text) for text in self.pyproject["project"]["dependencies"]}

    @cached_property
    def development(self) -> set[str]:
        """The names of these and of what is in groups."""
        groups = self.pyproject.get("dependency-groups", {}).values()
        listed = (text for group in groups for text in group if isinstance(text, str))
        return self.dependencies | set(map(name_of, listed))

    @cached_property
    def slug(self) -> str:
        """The name of the service for machines."""
        return str(self.pyproject["project"]["name"])

    @cached_property
    def app(self) -> Verb:
        """The service's own program."""
        return program(self.files)

    def has(self, path: str, *, near: str = ".") -> bool:
        """Return whether a file or folder is there, or comes to be."""
        path = path.strip().removeprefix("./").rstrip("/")
        if PLACEHOLDER.search(path.replace("*", "")):
            return True
        names = {normal(f"{near}/{path}"), normal(f"src/app/{path}"), normal(path)}
        if not names.isdisjoint(self.files) or not names.isdisjoint(self.folders):
            return True
        if path in self.made or (path.startswith(".env") and f"{path}.example" in self.files):
            return True
        if "*" in path:
            return any(fnmatchcase(name, path) for name in self.files)
        # A file that the service reads or makes, such as its database, is in its sources.
        return "/" not in path and _is_written(path, tuple(self.package.values()))

    def is_path(self, word: str) -> bool:
        """Return whether a word is meant to be a path within the project."""
        path = word.removeprefix("./")
        first, _, rest = path.partition("/")
        if not rest and not path.endswith("/"):
            return FILE.fullmatch(path) is not None
        if not re.fullmatch(r"[\w.@*-]+(/[\w.@*{}-]+)*/?", path):
            return False
        return (
            bool(alike(first, self.folders_at_top))
            or FILE.fullmatch(path.split("/")[-1]) is not None
        )

    @cached_property
    def folders_at_top(self) -> frozenset[str]:
        """The first parts of all paths, those within the package included."""
        inner = {name.split("/")[2] for name in self.folders if name.startswith("src/app/")}
        return frozenset({name.split("/")[0] for name in self.folders} | inner)


@cache
def _is_written(path: str, modules: tuple[str, ...]) -> bool:
    return any(f'"{path}"' in text or f"/{path}" in text for text in modules)


@cache
def alike(word: str, words: frozenset[str]) -> list[str]:
    """Return the word itself, or the one of which it seems a misspelling, or nothing."""
    return get_close_matches(word, words, 1, 0.8)


@cache
def _all_words(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(words_of, texts))


@cache
def _settings(modules: tuple[str, ...]) -> dict[str, bool]:
    return settings_of(modules)


@cache
def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, an identifier being one."""
    return frozenset(re.findall(r"[A-Za-z_]\w*", text))


@cache
def _toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def name_of(requirement: str) -> str:
    """Return the name of what a requirement wants."""
    return re.split(r"[^\w.-]", requirement)[0].lower()


@cache
def normal(path: str) -> str:
    """Return a path without `.` and `..`."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


@cache
def _folders_of(name: str) -> frozenset[str]:
    return frozenset(str(parent) for parent in PurePosixPath(name).parents[:-1])
