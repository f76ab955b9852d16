"""The settings and variables that documents and configuration name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proof.documents.commands import scripts_of
from proof.documents.markdown import found_in, page, spans
from proof.documents.programs import PLATFORM
from proof.documents.project import alike, words_of
from proof.documents.shell import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.documents.project import Project

NESTED = re.compile(r"(?<![\w$])[A-Z][A-Z0-9]*(?:__[A-Z0-9_]+)+(?!\w)")
UPPER = re.compile(r"[A-Z][A-Z0-9_]+")
CONFIGURATION = re.compile(r"^(deploy/|compose.*\.yaml$|fly\.toml$|\.env.*\.example$)|\.service$")
ASSIGNED = re.compile(
    r"(?m)^\s*(?:-\s*)?(?:\{?[Nn]ame:\s*|Environment=)?([A-Z][A-Z0-9]*_[A-Z0-9_]+|ENVIRONMENT|DEBUG)"
    r"\b\"?\s*[:=,}]?"
)
DEFAULT = re.compile(r"`([A-Z_]+)` \((\d+)\)")
COVERAGE = re.compile(r"coverage at least (\d+) %")
READ = re.compile(r"(?m)^\s*(?:for|read(?: -\w+)*)\s+(\w+)")
USED = re.compile(r"(?<![\\$'])\$\{?([A-Za-z_]\w+)")
QUOTED = re.compile(r"'[^'\"]*'")
# Words in capitals that are no variables: what people put in their place.
STAND_INS = {"ARN", "BODY", "COMMAND", "FILE", "ID", "NAME", "PATH", "URL"}


def named(project: Project) -> Iterator[str | None]:
    """Yield for each name of a setting or variable whether anybody reads it."""
    for file, text in project.files.items():
        if file.endswith(".py") or file in {"uv.lock", ".env"}:
            continue
        for name in sorted(set(found_in(NESTED, text))):
            yield None if name in project.settings else f"{file}: {name} is no setting"
        if CONFIGURATION.search(file):
            for name in sorted(set(found_in(ASSIGNED, text))):
                yield _misspelt(project, file, name)
    for file, text in project.pages.items():
        for span in dict.fromkeys(page(text).spans):
            name, _, value = span.partition("=")
            if UPPER.fullmatch(name) and name not in STAND_INS:
                yield _unknown(project, file, name) or _refused(project, file, name, value)
    yield from _in_commands(project)


def _in_commands(project: Project) -> Iterator[str | None]:
    defined: dict[str, set[str]] = {file: set() for file in project.pages}
    for file, script in scripts_of(project):
        defined[file].update(found_in(READ, script))
        try:
            parts = commands(script)
        except ValueError:
            continue  # which is a complaint of its own
        for command in parts:
            assigned = dict(command.variables)
            if not command.words:
                defined[file] |= assigned.keys()
                assigned = {}
            if command.words[:1] in (["export"], ["unset"]):
                pairs = [word.partition("=") for word in command.words[1:]]
                assigned |= {name: value for name, _, value in pairs if name not in defined[file]}
                defined[file] |= {name for name, equals, _ in pairs if equals}
            for name, value in assigned.items():
                yield _unknown(project, file, name) or _refused(project, file, name, value)
        for name in found_in(USED, QUOTED.sub("", script)):
            if name not in defined[file]:
                yield _unknown(project, file, name)


def _unknown(project: Project, file: str, name: str) -> str | None:
    known = name in project.settings or name in PLATFORM or name in project.words
    return None if known else f"{file}: nobody reads {name}"


def _refused(project: Project, file: str, name: str, value: str) -> str | None:
    """Return that a setting cannot have a value, of those that are words."""
    if name == "ENVIRONMENT" and value:
        source = project.files["src/app/core/settings/model.py"]
        if not re.search(rf"(?m)^    [A-Z]+ = \"{re.escape(value)}\"$", source):
            return f"{file}: {name} cannot be {value}"
    return None


def _misspelt(project: Project, file: str, name: str) -> str | None:
    if name in project.settings or name in PLATFORM or name.startswith("POSTGRES_"):
        return None
    near = _alike(project, name)
    others = [text for other, text in project.others.items() if other != file]
    readers = [*others, *project.sources]
    if near and not any(name in words_of(text) for text in readers):
        return f"{file}: {name} is no setting; {near[0]} is"
    return None


def _alike(project: Project, name: str) -> list[str]:
    return alike(name, frozenset(project.settings))


def table(project: Project) -> Iterator[str | None]:
    """Yield for each setting whether README's table has it once, and says if it is required."""
    rows = [
        row for row in page(project.pages["README.md"]).rows if {"name", "default"} <= row.keys()
    ]
    listed = [(name, row) for row in rows for name in spans(row["name"])]
    names = [name for name, _ in listed]
    for setting, required in project.settings.items():
        if names.count(setting) != 1:
            yield f"README.md: the table of settings has {setting} {names.count(setting)} times"
        for name, row in listed:
            if name == setting and ("required" in row["default"]) != required:
                has = "none" if required else "one"
                yield f"README.md: {setting} has a default in the table, in the model {has}"
        yield None
    for name in names:
        yield None if name in project.settings else f"README.md: the table has {name}, no setting"


def repeated(project: Project) -> Iterator[str | None]:
    """Yield for each figure that pages repeat whether it is that of the table, or of the gate."""
    rows = [row for row in page(project.files["README.md"]).rows if "default" in row]
    defaults = {name: row["default"] for row in rows for name in spans(row.get("name", ""))}
    report = project.pyproject["tool"]["coverage"]["report"]
    for file, text in project.pages.items():
        for name, value in found_in(DEFAULT, page(text).prose):
            if name in defaults:
                right = value in re.findall(r"\w+", defaults[name])
                yield None if right else f"{file}: {name} is not {value} by default"
        for value in found_in(COVERAGE, text):
            right = int(value) == report["fail_under"]
            yield None if right else f"{file}: the tests need not cover {value} %"


def examples(project: Project) -> Iterator[str | None]:
    """Yield what the examples of environment files lack."""
    text = project.files[".env.example"]
    given = set(re.findall(r"(?m)^([A-Z]\w*)=", text))
    for setting, required in project.settings.items():
        if required or setting == "ENVIRONMENT":  # which decides what is refused
            yield None if setting in given else f".env.example does not set {setting}"
    for file, example in project.files.items():
        if re.fullmatch(r"\.env.*\.example", file):
            yield from _promises(file, example)
            yield from _promised_elsewhere(project, file, example)
    compose = project.files.get("compose.yaml", "")
    production = project.files.get(".env.production.example", "")
    for name, optional in re.findall(r"\$\{(\w+)(:\?)?", compose):
        if optional:
            there = re.search(rf"(?m)^{name}=", production)
            yield None if there else f".env.production.example: compose.yaml wants {name}"
    for name in re.findall(r"(?m)^(?:# ?)?([A-Z]\w*)=", production):
        there = re.search(rf"\$\{{{name}\b", compose)
        yield None if there else f".env.production.example: compose.yaml does not read {name}"


def _promises(file: str, text: str) -> Iterator[str | None]:
    """Yield the comments that no setting follows; the first paragraph is of the file."""
    for paragraph in text.split("\n\n")[1:]:
        comment = ""
        for line in [*paragraph.splitlines(), ""]:
            if re.match(r"(# ?)?[A-Z]\w*=", line):
                comment = ""
                yield None
            elif line.startswith("#"):
                comment = comment or line
            elif comment:
                yield f"{file}: no setting follows {comment!r}"


def _promised_elsewhere(project: Project, file: str, example: str) -> Iterator[str | None]:
    """Yield the settings that pages say to set in this file, and which it does not show."""
    real = re.escape(file.removesuffix(".example"))
    wanted = re.compile(rf"((?:`[A-Z_]+`(?:,| and|, and| or)?\s)+)in\s`{real}`")
    for name, text in project.pages.items():
        for listed in wanted.findall(page(text).prose):
            for setting in spans(listed):
                there = re.search(rf"(?m)^(?:# ?)?{setting}=", example)
                yield None if there else f"{file} has no {setting}, which {name} says is in it"
