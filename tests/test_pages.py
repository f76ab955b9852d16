"""The template's own pages: what they link to, name and tell people to type is there."""

from __future__ import annotations

import ast
import re
import shlex
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.__main__ import arguments, select

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [
    *(matrix.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((matrix.ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^()\s]+)\)|^\[[^]]+\]: (\S+)$", re.MULTILINE)

COMBINATIONS = matrix.product(matrix.read_questions())

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(matrix.ROOT).as_posix()
)


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        again = sum(
            re.fullmatch(rf"{re.escape(kept)}(-\d+)?", other) is not None for other in found
        )
        found.append(f"{kept}-{again}" if again else kept)
    return set(found)


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for inline, reference in LINK.findall(prose(page)):
        link = inline or reference
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.fixture(scope="module")
def files() -> list[str]:
    """Return the paths that git knows, each after a slash."""
    return [f"/{path.relative_to(matrix.ROOT).as_posix()}" for path in matrix.clone_files()]


@every_page
def test_every_path_that_is_named_exists(page: Path, files: list[str]) -> None:
    """Here or in a generated service; `*` and `NAME`, as in `docs/deploy/NAME.md`, are any."""
    for named in SPAN.findall(prose(page)):
        if re.match(r"(benchmarks|docs|hooks|proof|tests)/\S*$", named):
            words = re.split(r"\bNAME\b|\*", named.rstrip("/"))
            pattern = re.compile(f"/{'[^/]*'.join(map(re.escape, words))}(/|$)")
            assert any(pattern.search(file) for file in files), named


def test_the_map_names_every_module_and_folder_of_the_proof_and_every_test() -> None:
    named = SPAN.findall(prose(matrix.ROOT / "CONTRIBUTING.md"))
    engine = matrix.ROOT / "proof"
    for path in [*engine.glob("[!_]*"), *(matrix.ROOT / "tests").glob("test_*.py")]:
        folder = "/" if path.is_dir() else ""
        told = path.relative_to(matrix.ROOT).as_posix() + folder
        assert any(fnmatch(told, name) for name in named), told


def sessions() -> set[str]:
    """Return the names of the sessions of noxfile.py."""
    found = set()
    for function in ast.parse((matrix.ROOT / "noxfile.py").read_text(encoding="utf-8")).body:
        if isinstance(function, ast.FunctionDef):
            for decorator in map(ast.unparse, function.decorator_list):
                if decorator.startswith("nox.session("):
                    name = re.search(r"name='(.+?)'", decorator)
                    found.add(name[1] if name else function.name)
    return found


def nox_commands(page: Path) -> list[list[str]]:
    """Return the calls of nox that a page tells people to type, each without `nox` itself."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
    spans = [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]
    told = [re.fullmatch(r"(?:\$ )?(?:uvx )?nox( .+)?", line) for line in lines + spans]
    return [shlex.split(found[1] or "", comments=True) for found in told if found]


@every_page
def test_every_nox_command_can_be_typed(page: Path) -> None:
    for command in nox_commands(page):
        words, given = command, []
        if "--" in command:
            words, given = command[: command.index("--")], command[command.index("--") + 1 :]
        named = words[words.index("-s") + 1 :] if "-s" in words else []
        for name in named:
            session, _, combination = name.rstrip(")").partition("(")
            assert session in sessions(), command
            if combination != "…":
                assert not combination or select([combination], COMBINATIONS)
        if named == ["matrix"]:
            assert select(arguments(given).what, COMBINATIONS), command
        if named == ["bench"]:
            assert all((matrix.ROOT / "benchmarks" / f"{name}.py").exists() for name in given)
        if named == ["demo"]:
            assert select(given, COMBINATIONS), command


def test_nox_commands_are_found_where_they_are() -> None:
    told = [command for page in PAGES for command in nox_commands(page)]
    assert ["-s", "demo"] in told
    assert {command[1] for command in told if command[:1] == ["-s"]} >= {"bench", "locks", "matrix"}
