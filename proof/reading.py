"""The files of a project that a program reads."""

from __future__ import annotations

import ast
import configparser
import json
import tomllib
from io import StringIO
from pathlib import PurePath
from typing import TYPE_CHECKING

import yaml
from dotenv import dotenv_values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _ini(text: str) -> object:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return {name: dict(section) for name, section in parser.items()}


class _Loader(yaml.SafeLoader):
    """Reads what a tag marks, such as CloudFormation's `!Ref`, and leaves its meaning aside."""


def _tagged(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, object]:
    if isinstance(node, yaml.MappingNode):
        return {tag: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: node.value}


_Loader.add_multi_constructor("!", _tagged)


def _yaml(text: str) -> object:
    return list(yaml.load_all(text, _Loader))


READERS: dict[str, Callable[[str], object]] = {
    ".env": lambda text: dotenv_values(stream=StringIO(text)),
    ".ini": _ini,
    ".json": json.loads,
    ".py": lambda text: ast.dump(ast.parse(text)),
    ".toml": tomllib.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
}


def read(path: Path) -> object:
    """Return what the format's own parser reads from a file; the text where there is none."""
    return parse(path.name, path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> object:
    """Return what the parser of a file of this name reads from a text."""
    kind = ".env" if name.startswith(".env") else PurePath(name).suffix
    return READERS.get(kind, str)(text)


def contents(project: Path) -> dict[str, bytes]:
    """Return what is in every file of a project, by its path; an empty folder's ends in `/`."""
    found = {}
    for folder, folders, files in project.walk():
        for name in files:
            found[(folder / name).relative_to(project).as_posix()] = (folder / name).read_bytes()
        if not folders and not files:
            found[f"{folder.relative_to(project).as_posix()}/"] = b""
    return dict(sorted(found.items()))


def read_project(project: Path) -> dict[str, object]:
    """Return what every file of a project says, by its path."""
    return {
        name: parse(PurePath(name).name, content.decode())
        for name, content in contents(project).items()
    }
