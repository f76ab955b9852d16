"""What a program reads from the files of a project."""

from __future__ import annotations

import ast
import configparser
import json
import tomllib
from io import StringIO
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


READERS: dict[str, Callable[[str], object]] = {
    ".env": lambda text: dotenv_values(stream=StringIO(text)),
    ".ini": _ini,
    ".json": json.loads,
    ".py": lambda text: ast.dump(ast.parse(text)),
    ".toml": tomllib.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
}


def read(path: Path) -> object:
    """Return what the format's own parser reads from a file; the text where there is none."""
    text = path.read_text(encoding="utf-8")
    kind = ".env" if path.name.startswith(".env") else path.suffix
    return READERS.get(kind, str)(text)


def read_project(project: Path) -> dict[str, object]:
    """Return what every file of a project says, by its path."""
    return {
        path.relative_to(project).as_posix(): read(path)
        for path in sorted(project.rglob("*"))
        if path.is_file()
    }
