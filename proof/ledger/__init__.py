"""The ledger: the gates of all services and the numbers of their tests, committed to git.

A gate is what can make a check fail: the settings of its tool, the comment that suppresses a
finding, the test function that is there. Weakening one is thereby a line in a diff, which a
person reads. `nox -s ledger` renews the file; with `-- --gates`, without collecting tests.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import yaml

from proof import matrix, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Not JSON: no setting would stand here as its file spells it, but with escaped quotes.
LEDGER = matrix.ROOT / "proof" / "ledger.toml"

RENEW = (
    "Gates differ from proof/ledger.toml. If a person has looked at the change and wants it, "
    "`nox -s ledger` renews the ledger."
)

# Where Python is. A module at the top, such as a conftest.py, would be a new gate or none.
PYTHON = ("src/", "tests/", "migrations/")

# Files by which a tool is configured, or finds fewer files, apart from pyproject.toml.
SETTINGS = re.compile(
    r"(?:^|/)(?:[._]?(?:ruff|mypy|dmypy|pytest|tox|coverage|importlinter|import_linter|uv"
    r"|pre-commit-config|pyrightconfig)\.(?:toml|ini|cfg|ya?ml|json)"
    r"|setup\.(?:cfg|py)|\.coveragerc[^/]*|\.importlinter|\.ignore|\.gitignore"
    r"|.+/pyproject\.toml)$"
)

# Comments to tools; names that skip a test, ignore a warning or choose what is collected.
SUPPRESSIONS = re.compile(
    r"#\s*(?:(?i:noqa)|type:\s*ignore|(?:ruff|mypy|pyright|flake8|pylint|isort|fmt|yapf):"
    r"|(?i:pragma)\b|nosec)[^#\n]*"
    r"|\b(?:pytest\.(?:mark\.)?|mark\.|unittest\.)(?:skip\w*|SkipTest|xfail|importorskip|exit)\b"
    r"|\b(?:skip|skip[Ii]f|skipTest|skipUnless|SkipTest|xfail|importorskip)(?=\()"
    r"|\b(?:filterwarnings|simplefilter|catch_warnings|no_type_check\w*)\b"
    r"|\b(?:collect_ignore\w*|__test__)(?=\s*[:=])"
    r"|\bdef pytest_\w+|\bpytest_\w+(?=\s*[:=])|\bPYTEST_\w+|\bnot TYPE_CHECKING\b"
)
TEST = re.compile(r"^\s*(?:async )?def test", re.MULTILINE)  # as pytest by default
ASSERTION = re.compile(
    r"^\s*(?:assert\b|(?:async )?with pytest\.raises\b)|\bassert_\w+\(", re.MULTILINE
)

# Of these, each line counts: what git ignores, for one, ruff does not look at.
LINES = {".gitignore", ".gitattributes", ".editorconfig", "alembic.ini"}
EXAMPLE = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=", re.MULTILINE)

# What runs all gates at each change. The image of Python is an answer.
PIPELINE = re.compile(r"^\.github/.+|^\.gitlab(?:-ci\.yml$|/.+)")
PYTHON_IMAGE = re.compile(r"\bpython:3\.\d+(\S*?)@sha256:[0-9a-f]+")

# What entries of a list are known by; where none has one of these, by their number.
NAMES = ("id", "name", "repo", "module")


def gates(files: Mapping[str, str]) -> list[str]:
    """Return the gates of a project, sorted, from the texts of its files by path."""
    lines = [
        *_settings("pyproject.toml", files.get("pyproject.toml", "")),
        *_settings(".pre-commit-config.yaml", files.get(".pre-commit-config.yaml", "")),
    ]
    for name, text in files.items():
        module = name.endswith(".py") and (name.startswith(PYTHON) or "/" not in name)
        if SETTINGS.search(name) or name.startswith(PYTHON) != module:
            lines.append(f"{name} exists")
        if name in LINES:
            lines += (f"{name} {line}" for line in text.splitlines() if line[:1] not in {"", "#"})
        if name == ".env.example":
            lines += (f"{name} {setting}" for setting in EXAMPLE.findall(text))
        if module:
            lines += (f"{name} {found}" for found in _suppressions(text))
        if name.startswith("tests/"):
            lines += (f"{name} {found}" for found in _tests(text))
    return sorted(set(lines))


def pipelines(files: Mapping[str, str]) -> list[str]:
    """Return what a project's pipeline says, a line for each value, sorted."""
    texts = {name: text for name, text in files.items() if PIPELINE.match(name)}
    return sorted({line for name, text in texts.items() for line in _pipeline(name, text)})


@cache
def _pipeline(name: str, text: str) -> tuple[str, ...]:
    said = reading.parse(PurePath(name).name, PYTHON_IMAGE.sub(r"python\1", text))
    return tuple(f"{name} {line}" for line in _flat(said))


@cache
def _settings(name: str, text: str) -> tuple[str, ...]:
    """Return the settings of tools in a file, each as a line."""
    try:
        if name == "pyproject.toml":
            read = tomllib.loads(text)
            kept: Any = {key: read.get(key) for key in ("tool", "dependency-groups")}
            project = read.get("project", {})
            kept |= {key: project.get(key) for key in ("requires-python", "entry-points")}
        else:
            kept = yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError):
        return (f"{name} cannot be read",)
    return tuple(f"{name} {line}" for line in _flat(kept))


def _flat(value: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each value: `path.to.key = value`, values as JSON."""
    inner: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        inner = (_named(entry, number) for number, entry in enumerate(value))
    elif isinstance(value, list) and path.startswith("dependency-groups."):
        inner = ((re.split(r"[^\w.-]", entry)[0], entry) for entry in value)
    if not inner:
        yield f"{path} = {json.dumps(value, ensure_ascii=False, default=str)}"
    for key, entry in inner:
        yield from _flat(entry, f"{path}.{key}" if path else str(key))


def _named(entry: Any, number: int) -> tuple[str, Any]:
    """Return the name of an entry, and what else it says."""
    own = next((name for name in NAMES if name in entry), "") if isinstance(entry, dict) else ""
    if not own:
        return str(number), entry
    return str(entry[own]), {key: value for key, value in entry.items() if key != own}


@cache
def _suppressions(source: str) -> tuple[str, ...]:
    """Return the suppressions in a module, and how often each is there."""
    found = Counter(match[0].strip() for match in SUPPRESSIONS.finditer(source))
    return tuple(f"{what} = {count}" for what, count in found.items())


@cache
def _tests(source: str) -> tuple[str, ...]:
    """Return how many tests are in a module, if any, and how much they assert."""
    count = len(TEST.findall(source))
    asserted = len(ASSERTION.findall(source))
    return (f"test functions = {count}", f"assertions = {asserted}") if count else ()


def laid() -> list[str]:
    """Return what can make the tests fail that are laid over services, a line for each module."""
    return sorted(
        f"{path.relative_to(matrix.OWNER).as_posix()} {found}"
        for path in matrix.clone_files(str(matrix.OWNER))
        for text in [path.read_text(encoding="utf-8")]
        for found in (*_suppressions(text), *_tests(text))
    )


def complaints(files: Mapping[str, str], answers: Mapping[str, str]) -> Iterator[str]:
    """Yield each gate of a project that the ledger does not hold, or that it alone holds."""
    held, found = set(expected(answers)), {*gates(files), *pipelines(files)}
    differing = [
        *(f"gone: {line}" for line in sorted(held - found)),
        *(f"new: {line}" for line in sorted(found - held)),
    ]
    yield from differing
    if differing:
        yield RENEW


def expected(answers: Mapping[str, str]) -> list[str]:
    """Return the gates that the ledger holds for a project with such answers."""
    return [
        line
        for section in ("gates", "pipelines")
        for condition, lines in committed()[section].items()
        if meets(answers, condition)
        for line in lines
    ]


def count_tests(answers: Mapping[str, str], whose: str = "owner") -> int:
    """Return how many tests must pass with all servers there; 0 if the ledger has no number.

    Args:
        answers: those of a project.
        whose: `owner`, the project's own; `common` or `auth`, those that are laid over it.
    """
    numbers: dict[str, int] = committed()["tests"].get(whose, {})
    return sum(number for place, number in numbers.items() if meets(answers, place))


@cache
def committed() -> dict[str, Any]:
    """Return what the file says: numbers of tests, and lines of gates, by condition."""
    return tomllib.loads(LEDGER.read_text(encoding="utf-8"))


def meets(answers: Mapping[str, str], condition: str) -> bool:
    """Return whether answers meet a condition such as `auth=jwt|oidc,framework=flask`."""
    if condition == "all":
        return True
    facts = [fact.partition("=") for fact in condition.split(",")]
    return all(answers.get(question) in any_of.split("|") for question, _, any_of in facts)
