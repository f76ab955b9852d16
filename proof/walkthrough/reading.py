"""The commands, settings and calls that a service's README.md and AGENTS.md document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from proof import recipes
from proof.documents.commands import SHELLS
from proof.documents.markdown import FENCE, page, spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENTS = ("README.md", "AGENTS.md")

# Its commands depend on the target: they are looked up with those of docs/deploy.md.
DEPLOY = re.compile(r"^## Deploy\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

COMMENT = re.compile(r"\s+# .*$")
COMMAND = re.compile(r"(uv run|app) \S")
ROW = re.compile(r"\| `([^`]+)` \| (.*) \|$")
OPTION = re.compile(r"`(--[^`]+)`")
CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)")
SETTINGS = ["name", "default", "meaning"]  # the columns of the table


def extract(files: Mapping[str, str]) -> dict[str, Any]:
    """Return what decides the result of following the documents, fit for JSON.

    Args:
        files: the texts of DOCUMENTS, by name; others are ignored.

    Returns:
        `commands`, in their order, by document; `printed`, pairs of a command and an option
        that it has to list; `settings`, the rows of the table; `calls`, documented as
        `GET /path`; `key`, the pattern of API keys, or ""; `recipes`, see `proof.recipes`.
    """
    texts = {name: DEPLOY.sub("", files[name]) for name in DOCUMENTS}
    readme = texts["README.md"]
    inline = [code for text in texts.values() for code in page(text).spans]
    keys = [body.strip() for language, body in page(readme).blocks if not language]
    return {
        "commands": {name: list(_commands(text)) for name, text in texts.items()},
        "printed": [pair for line in readme.splitlines() for pair in _printed(line)],
        "settings": [list(row.values()) for row in page(readme).rows if list(row) == SETTINGS],
        "calls": sorted({code for code in inline if CALL.fullmatch(code)}),
        "key": next((body for body in keys if body.startswith("app_[")), ""),
        "recipes": recipes.extract(readme),
    }


def _commands(text: str) -> Iterator[str]:
    """Yield blocks line by line, rows of tables and inline code, in the order of the text."""
    end = 0
    for fence in FENCE.finditer(text):
        yield from _inline_commands(text[end : fence.start()])
        end = fence.end()
        if fence[3] in SHELLS:
            body = re.sub(r"\\\n\s*", "", fence[4])
            lines = (COMMENT.sub("", line).strip().removeprefix("$ ") for line in body.splitlines())
            yield from (line for line in lines if line and not line.startswith("#"))
    yield from _inline_commands(text[end:])


def _inline_commands(text: str) -> Iterator[str]:
    for line in re.sub(r"\n(?=[^\n|*#\d])", " ", text).splitlines():
        row = ROW.match(line)
        if row and COMMAND.match(row[1]):
            # An option with a value is tried; one without is a name to be listed.
            options = [option for option in OPTION.findall(row[2]) if " " in option]
            yield " ".join([row[1], *options])
            line = row[2]  # noqa: PLW2901 -- the rest of it
        for code in spans(line):
            if COMMAND.match(code):
                yield code if code.startswith("uv ") else f"uv run {code}"


def _printed(line: str) -> Iterator[list[str]]:
    row = ROW.match(line)
    if row and COMMAND.match(row[1]):
        helps = [code for code in spans(row[2]) if COMMAND.match(code)]
        names = [option for option in OPTION.findall(row[2]) if " " not in option]
        yield from ([f"uv run {command}", name] for command in helps for name in names)
