"""The parts of a Markdown page: headings, links, code, tables."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from textwrap import dedent
from typing import Any

FENCE = re.compile(r"(?ms)^([ ]*)(```+|~~~+)[ ]*(\S*)[^\n]*\n(.*?)^[ ]*\2[ ]*(?:\n|\Z)")
SPAN = re.compile(r"(?s)(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^]]+\]:\s*(\S+)|(?:href|src)=[\"']([^\"']+)", re.MULTILINE
)
CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Page:
    """A Markdown page.

    Attributes:
        anchors: the fragments that links can name, as GitHub makes them of headings.
        blocks: fenced code, as pairs of language and text.
        spans: inline code, in order.
        links: the targets of links.
        rows: the rows of tables, as cells by the header of their column.
        prose: the text without fenced code.
        closed: whether every fence is.
    """

    anchors: frozenset[str]
    blocks: tuple[tuple[str, str], ...]
    spans: tuple[str, ...]
    links: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    prose: str
    closed: bool


@cache
def page(text: str) -> Page:
    """Return the parts of a page."""
    blocks = tuple((found[3], dedent(found[4])) for found in FENCE.finditer(text))
    prose = FENCE.sub("", text)
    return Page(
        anchors=_anchors(prose),
        blocks=blocks,
        spans=spans(prose),
        links=tuple(
            next(filter(None, found.groups())) for found in LINK.finditer(SPAN.sub("`", prose))
        ),
        rows=tuple(_rows(prose)),
        prose=prose,
        closed=not re.search(r"(?m)^[ ]*(```|~~~)", prose),
    )


@cache
def found_in(pattern: re.Pattern[str], text: str) -> tuple[Any, ...]:
    """Return what `findall` does, once for each text."""
    return tuple(pattern.findall(text))


@cache
def spans(text: str) -> tuple[str, ...]:
    """Return the inline code of a text, what is broken into lines as one."""
    return tuple(" ".join(found[2].split()) for found in SPAN.finditer(text))


def _anchors(prose: str) -> frozenset[str]:
    """Return the anchors of headings; GitHub numbers those that come again."""
    seen: Counter[str] = Counter()
    anchors = set(re.findall(r"<a\s+(?:id|name)=[\"']([^\"']+)", prose))
    for heading in re.findall(r"(?m)^#{1,6}[ ]+(.+?)[ ]*#*$", prose):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return frozenset(anchors)


def _rows(prose: str) -> list[dict[str, str]]:
    rows = []
    for table in re.findall(r"(?m)(?:^[ ]*\|.*\n?)+", prose):
        header, *lines = [
            [cell.strip() for cell in CELLS.split(line.strip().strip("|"))]
            for line in table.splitlines()
        ]
        rows += [dict(zip(header, cells, strict=False)) for cells in lines[1:]]
    return rows
