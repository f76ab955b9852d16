"""The settings of a generated service, read from its sources without running them."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def is_setting(name: str, fields: dict[str, dict[str, str]]) -> bool:
    """Return whether the settings class, or one that it holds, has a field of that name."""
    section = "Settings"
    for part in name.lower().split("__"):
        if part not in fields.get(section, {}):
            return False
        section = fields[section][part]
    return True


def fields_of_classes(modules: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return, for every class, its annotated names and what they are annotated with."""
    fields: dict[str, dict[str, str]] = {}
    for module in modules:
        fields |= {name: dict(found) for name, found in _classes_in(module)[0].items()}
    return fields


def settings_of(modules: Iterable[str]) -> dict[str, bool]:
    """Return the names of all settings, each with whether it has no default."""
    fields: dict[str, dict[str, str]] = {}
    required: set[tuple[str, str]] = set()
    for module in modules:
        fields |= _classes_in(module)[0]
        required |= _classes_in(module)[1]
    return dict(_settings("Settings", "", fields, required))


def _settings(
    section: str, prefix: str, fields: dict[str, dict[str, str]], required: set[tuple[str, str]]
) -> Iterator[tuple[str, bool]]:
    for name, annotation in fields.get(section, {}).items():
        if annotation in fields and annotation.endswith("Settings"):
            yield from _settings(annotation, f"{prefix}{name.upper()}__", fields, required)
        else:
            yield prefix + name.upper(), (section, name) in required


@cache
def _classes_in(source: str) -> tuple[dict[str, dict[str, str]], set[tuple[str, str]]]:
    """Return the annotated names of each class, and those that have no default."""
    fields: dict[str, dict[str, str]] = {}
    required = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        fields[node.name] = {}
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                fields[node.name][field.target.id] = ast.unparse(field.annotation)
                if not _has_default(field.value):
                    required.add((node.name, field.target.id))
    return fields, required


def _has_default(value: ast.expr | None) -> bool:
    """Return whether a field of pydantic's that is given this value may be left out."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "Field":
        given = {keyword.arg: keyword.value for keyword in value.keywords}
        value = next(iter(value.args), given.get("default", given.get("default_factory")))
    return value is not None and ast.unparse(value) != "..."
