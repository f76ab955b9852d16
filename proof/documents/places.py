"""The files, folders and links that documents name."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from proof.documents.commands import SHELLS
from proof.documents.markdown import found_in, page
from proof.documents.project import FILE, PLACEHOLDER, normal, words_of
from proof.reading import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.documents.project import Project

LANGUAGES = {"json", "python", "toml", "yaml"}
OTHER_LANGUAGES = {"", "sql", "text", "http", "diff"}
PATH = re.compile(
    r"(?<![\w.@:/-])/?(?:[\w.-]+/)*?((?:deploy|migrations|src|tests)/[\w./{}*-]*\w/?)"
)
NAMED = re.compile(r"(?<![\w/.`(\[-])([A-Z]+\.md|[\w-]+\.(?:yaml|toml))\b")
IDENTIFIER = re.compile(r"(?<![\w.-])[A-Za-z_]\w*(?![\w-])")
NAMES = r"`[\w]+`(?:(?:,| or| and|, and) `[\w]+`)*"
PLACED = re.compile(rf"({NAMES})(?: in| from|,? in the| \()\s?(`[^`\s]+`(?: and `[^`\s]+`)*)")


def links(project: Project) -> Iterator[str | None]:
    """Yield for each link whether it leads anywhere."""
    for name, text in project.pages.items():
        for link in page(text).links:
            path, _, anchor = unquote(link).partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:", path):
                well_formed = re.fullmatch(
                    r"(https?://[\w.-]+\.\w+(:\d+)?(/\S*)?|mailto:\S+@\S+)", path
                )
                yield None if well_formed else f"{name}: {link} is no address"
                continue
            target = normal(f"{PurePosixPath(name).parent}/{path}") if path else name
            if target not in project.files and target not in project.folders:
                yield f"{name}: the link {link} leads to no file"
            elif anchor and anchor not in page(project.pages.get(target, "")).anchors:
                yield f"{name}: the link {link} leads to no heading"
            else:
                yield None


def paths(project: Project) -> Iterator[str | None]:
    """Yield for each path in code, text or the examples of settings whether it is there."""
    for name, text in project.pages.items():
        near = str(PurePosixPath(name).parent)
        spans = {span for span in page(text).spans if " " not in span}
        spans |= {path for _, block in page(text).blocks for path in found_in(PATH, block)}
        spans.update(found_in(NAMED, page(text).prose))
        for span in sorted(spans):
            if _meant_as_path(project, span):
                there = project.has(span, near=near) or span.startswith("/")
                yield None if there else f"{name}: there is no {span}"
    for name, text in project.files.items():
        if re.fullmatch(r"\.env.*\.example", name):
            for comment in re.findall(r"(?m)^#(.*)", text):
                for word in comment.replace("`", " ").split():
                    path = word.strip(".,;:()")
                    if FILE.fullmatch(path) or path.startswith(("deploy/", "docs/")):
                        yield None if project.has(path) else f"{name}: there is no {path}"


def _meant_as_path(project: Project, span: str) -> bool:
    if re.search(r"[:=()\[\]]", span) or span.startswith(("/", "~")):
        return False
    return project.is_path(span)


def layout(project: Project) -> Iterator[str | None]:
    """Yield for each entry of README's tree whether it is there, and each folder left out."""
    name = "README.md"
    trees = [
        text for lang, text in page(project.pages[name]).blocks if not lang and "src/app/\n" in text
    ]
    if not trees:
        yield f"{name}: there is no tree of the folders"
    for tree in trees:
        named = set()
        above = ""
        for line in tree.splitlines():
            indented = line.startswith(" ")
            entries = re.findall(r"(?:^|\s{2})([\w./]+(?:/|\.py))(?=\s|$)", line)
            for entry in entries:
                path = f"{above}{entry}" if indented else entry
                named.add(path.rstrip("/"))
                yield (
                    None
                    if project.has(path)
                    else f"{name}: the tree names {path}, which is not there"
                )
            if entries and not indented:
                above = entries[0]
            for inner in re.findall(r"\s{2}([a-z]\w*):(?= )", line):
                path = f"{entries[0] if entries else above}{inner}"
                yield (
                    None
                    if project.has(path)
                    else f"{name}: the tree names {path}, which is not there"
                )
        for folder in sorted(project.folders):
            if re.fullmatch(r"src/app/\w+", folder) and folder not in named:
                yield f"{name}: the tree leaves out {folder}"


def names(project: Project) -> Iterator[str | None]:
    """Yield for each name in code whether a file of the project has it."""
    for page_name, text in project.pages.items():
        for listed, places in found_in(PLACED, page(text).prose.replace("\n", " ")):
            files = [
                file
                for file in re.findall(r"`([^`]+)`", places)
                if FILE.fullmatch(file.split("/")[-1])
            ]
            for name in re.findall(r"`([^`]+)`", listed):
                for file in files:
                    yield _placed(project, page_name, name, file)
        for span in dict.fromkeys(page(text).spans):
            for name in found_in(IDENTIFIER, span):
                if _is_code(name, span) and name not in project.words and name not in EXPLAINED:
                    yield f"{page_name}: nothing is called {name}"
                else:
                    yield None


def _placed(project: Project, page_name: str, name: str, file: str) -> str | None:
    example = f"{file}.example" if file.startswith(".env") else file
    for path in (example, f"src/app/{example}"):
        if path in project.files:
            there = name in words_of(project.files[path])
            return None if there else f"{page_name}: {path} has no {name}"
    return None  # `paths` says that it is not there


def _is_code(name: str, span: str) -> bool:
    """Return whether a word in code is an identifier, not a placeholder or an English word."""
    if PLACEHOLDER.search(span) or "://" in span or " " in span or "-" in span or "/" in span:
        return False
    return bool(re.search(r"[a-z]_[a-z]|[a-z][A-Z]", name)) or bool(
        re.fullmatch(r"[A-Z][a-z]+", name)
    )


# What is Python's, HTTP's or a platform's, and the words of examples.
EXPLAINED: dict[str, str] = {
    "Caddyfile": "Caddy",
    "FlyV1": "Fly.io",
    "LoadBalancer": "Kubernetes",
    "Protocol": "Python",
    "authorized_keys": "OpenSSH",
    "hostNetwork": "Kubernetes",
    "read_registry": "GitLab",
}


def code(project: Project) -> Iterator[str | None]:
    """Yield for each block whether it can be read, in a language that is known."""
    for name, text in project.pages.items():
        if not page(text).closed:
            yield f"{name}: a fence is not closed"
        for language, block in page(text).blocks:
            if language in LANGUAGES:
                yield _unreadable(name, language, block)
            elif language not in SHELLS | OTHER_LANGUAGES:
                yield f"{name}: nobody knows the language {language}"


def _unreadable(name: str, language: str, block: str) -> str | None:
    try:
        if language == "python":
            ast.parse(block)
        else:
            parse(f"block.{language}", block)
    except Exception as error:  # noqa: BLE001 -- each parser has its own
        return f"{name}: {language} that cannot be read: {error}"
    return None
