"""Sentences about settings that are wrong; they do not repeat values."""

from __future__ import annotations

import json
import tomllib
from difflib import get_close_matches
from functools import cache
from inspect import isclass
from typing import TYPE_CHECKING, Final

from app.core.settings.model import Settings
from app.core.settings.sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

# By the type of pydantic's error, or by its first word
# (https://docs.pydantic.dev/latest/errors/validation_errors/).
_WORDS: Final = {
    "bool": "must be true or false",
    "enum": "must be {expected}",
    "float": "must be a number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge}",
    "int": "must be a whole number",
    "ip": "must be a network such as 10.0.0.0/8",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model": "must be an object",
    "path": "must be a directory",
    "string": "must be text",
    "too_short": "must have at least {min_length} characters",
    "tuple": "must be a list",
    "value_error": "{error}",
}
_SIMILARITY: Final = 0.8
_ABBREVIATION: Final = 3


@cache
def setting_names() -> tuple[str, ...]:
    """Return the names of all settings and of their groups, as in the environment."""
    return tuple(_names_in(Settings, ""))


def _names_in(section: type[Section], prefix: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield prefix + name.upper()
        if isclass(field.annotation) and issubclass(field.annotation, Section):
            yield from _names_in(field.annotation, f"{prefix}{name.upper()}__")


def nearly_a_setting(name: str) -> bool:
    """Return whether somebody who wrote this name may have meant a setting."""
    group, is_nested, _ = name.partition("__")
    return bool(_nearest(name) or (is_nested and group in setting_names()))


def not_a_setting(name: str) -> str:
    """Say that nothing has this name, and what may have been meant."""
    nearest = _nearest(name)
    question = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"{name} is not a setting{question}"


def _nearest(name: str) -> list[str]:
    """Return the settings that are spelt alike, are in a group, or are longer."""
    names = [other for other in setting_names() if "__" in other or "__" not in name]
    if alike := get_close_matches(name, names, n=1, cutoff=_SIMILARITY):
        return alike
    beginning = name if len(name) >= _ABBREVIATION else "-"
    return [n for n in names if n.endswith(f"__{name}") or n.startswith(beginning)]


def refusals(error: ValidationError, *, missing: bool) -> Iterator[str]:
    """Yield what is wrong with each setting; if `missing`, which ones are required."""
    groups = {name.rpartition("__")[0] for name in setting_names()}
    for detail in error.errors(include_url=False, include_input=False):
        first, *inner = detail["loc"]
        name = str(first).upper()
        while inner and name in groups:
            name = f"{name}__{inner.pop(0)}".upper()
        kind = detail["type"]
        if kind == "missing" and not missing:
            continue
        if kind == "extra_forbidden":
            yield not_a_setting(name)
            continue
        words = _WORDS.get(kind) or _WORDS.get(kind.partition("_")[0], "is invalid")
        item = f" (item {inner[0] + 1})" if inner and isinstance(inner[0], int) else ""
        yield f"{name}{item} {words.format(**detail.get('ctx', {}))}"


def reason(error: Exception) -> str:
    """Return why a file cannot be read, without its content."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, OSError | json.JSONDecodeError | tomllib.TOMLDecodeError):
        return str(error)
    if mark := getattr(error, "problem_mark", None):  # YAML
        return f"line {mark.line + 1}, column {mark.column + 1}"
    return "it does not hold settings"
