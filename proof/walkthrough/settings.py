"""The table of settings in a service's README.md, compared with the model that reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Run by the service's own Python: prints the model as JSON, the entry of each setting by its name.
PRINT_MODEL = """
import json
from enum import Enum
from inspect import isclass
from pydantic import BaseModel
from app.core.settings import Settings

def plain(value):
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value

def fields(model, prefix=""):
    for name, field in model.model_fields.items():
        name, type_ = f"{prefix}{name.upper()}", field.annotation
        if isclass(type_) and issubclass(type_, BaseModel):
            yield from fields(type_, f"{name}__")
            continue
        bounds = {bound: getattr(data, bound) for data in field.metadata
                  for bound in ("le", "min_length") if hasattr(data, bound)}
        is_enum = isclass(type_) and issubclass(type_, Enum)
        yield name, {
            "required": field.is_required(),
            "default": None if field.is_required() else plain(
                field.get_default(call_default_factory=True)),
            "values": [choice.value for choice in type_] if is_enum else [],
            **bounds,
        }

print(json.dumps(dict(fields(Settings))))
"""

REQUIRED = "none, required"
UNSET = {"none", "the URL's"}
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
IN_WORDS = re.compile(rf"(\d+) ({'|'.join(SECONDS)})s?")
CODE = re.compile(r"`([^`]*)`")
# How the column of meanings writes a bound, and what the model calls it.
BOUNDS = {"le": re.compile(r"at most (\d+)"), "min_length": re.compile(r"(\d+) characters or more")}
ALTERNATIVES = re.compile(r"or (`\w+`(?:, `\w+`)*)$")


def compare(rows: Sequence[Sequence[str]], model: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the table and the model differ: names, defaults, bounds, allowed values.

    Args:
        rows: names, defaults and meaning of each row as written.
        model: what PRINT_MODEL prints.
    """
    documented: list[str] = []
    for row in rows:
        if len(row) != 3:  # noqa: PLR2004 -- the columns of the table
            yield f"README.md: the row {row} does not have three columns"
            continue
        names, defaults, meaning = CODE.findall(row[0]), row[1], row[2]
        documented += names
        written = defaults.split(", ") if len(names) > 1 and ", " in defaults else [defaults]
        for number, name in enumerate(names):
            if name not in model:
                yield f"README.md documents {name}, which is no setting"
            else:
                default = written[min(number, len(written) - 1)]
                yield from _differences(name, default, meaning, model[name])
    for name in sorted(model.keys() - set(documented)):
        yield f"README.md does not document the setting {name}"
    for name in sorted({name for name in documented if documented.count(name) > 1}):
        yield f"README.md documents {name} more than once"


def _differences(name: str, default: str, meaning: str, field: Mapping[str, Any]) -> Iterator[str]:
    actual = REQUIRED if field["required"] else field["default"]
    if not _means(default, actual):
        yield f"README.md gives {default} as the default of {name}; it is {actual!r}"
    for bound, pattern in BOUNDS.items():
        match = pattern.search(meaning)
        if match and int(match[1]) != field.get(bound):
            yield f"README.md says {match[0]!r} of {name}; {bound} is {field.get(bound)}"
    match = ALTERNATIVES.search(meaning) if field["values"] else None
    allowed = {field["default"], *CODE.findall(match[1])} if match else set(field["values"])
    if allowed != set(field["values"]):
        yield f"README.md allows {sorted(allowed)} for {name}; the model {field['values']}"


def _means(written: str, actual: object) -> bool:
    """Return whether a default as written in the table is that of the model."""
    if REQUIRED in (written, actual):
        return written == actual
    if written in UNSET:
        return actual in (None, "", [])
    if duration := IN_WORDS.fullmatch(written):
        return actual == int(duration[1]) * SECONDS[duration[2]]
    spelt = str(actual).lower() if isinstance(actual, bool) else str(actual)
    if isinstance(actual, float):
        spelt = f"{actual:g}"
    if isinstance(actual, list):
        spelt = ",".join(actual)
    return written == f"`{spelt}`"
