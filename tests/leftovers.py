"""What a finished project must not hold: traces of the template and of other answers."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING, Any

from tests import matrix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# GitHub's expressions are `${{ ... }}`.
TEMPLATE = re.compile(r"(?<!\$)\{\{|\{%|#%|(?<!\w)_options/|(?i:cookiecutter)")

# Words that belong to one answer alone; for any other answer, its own name.
WORDS = {
    "framework=fastapi": ("fastapi", "starlette", "uvicorn"),
    "framework=flask": ("flask", "werkzeug", "gunicorn", "wsgi"),
    "auth=jwt": ("argon2", "passwords?", "users", "refresh", "log ?in"),
    "auth=api_key": ("api[-_ ]?keys?", "key_(use|access|authenticator)"),
    "auth=oidc": ("oidc", "openid", "identity.provider", "jwks", "keycloak", "pkce"),
    "deploy=compose": ("compose", "caddy"),
    "database=postgresql": ("postgres(ql)?", "psycopg", "asyncpg"),
    "database=sqlite": (),  # PostgreSQL projects start on SQLite too.
    "ci=github": ("github",),
}

# Words that have no place beside an answer.
EXCLUDED: dict[str, tuple[str, ...]] = {
    "auth=api_key": ("jwt",),
    "auth=none": ("jwt",),
    "deploy=none": ("docker",),
}

# Where a word of an answer that was not chosen is in its place.
ALLOWED = {
    "deploy=compose": re.compile(r"compose\.dev\.yaml|package-ecosystem: docker-compose"),
    "deploy=none": re.compile(r"compose\.dev\.yaml|package-ecosystem: docker-compose"),
    "auth=jwt": re.compile(r"POSTGRES_(USER|PASSWORD)|postgresql\.py|login\.microsoftonline"),
}

# Why a dependency that no module names is not unused.
LOADED_BY_NAME = {
    "aiosqlite": "SQLAlchemy loads the driver that the URL names",
    "asyncpg": "SQLAlchemy loads the driver that the URL names",
    "uvloop": "the server takes the fastest event loop that it finds",
}
IMPORT_NAMES = {"argon2-cffi": "argon2", "pyjwt": "jwt", "python-dotenv": "dotenv"}

MAY_BE_EMPTY = {"__init__.py", "py.typed"}


def leftovers(project: Path, answers: dict[str, str]) -> list[str]:
    """Return a line for everything in a project that its owner would wonder about."""
    return [
        *traces_of_the_template(project),
        *words_of_other_answers(project, answers),
        *unused_dependencies(project),
        *unknown_settings(project),
    ]


def _texts(project: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(project.rglob("*")):
        if path.is_file():
            yield path.relative_to(project).as_posix(), path.read_text(encoding="utf-8")


def traces_of_the_template(project: Path) -> Iterator[str]:
    """Yield what Jinja or the hook should have replaced, and what holds nothing."""
    for path in sorted(project.rglob("*")):
        empty = path.is_dir() and not any(path.iterdir())
        hollow = path.is_file() and path.name not in MAY_BE_EMPTY and not path.stat().st_size
        if empty or hollow:
            yield f"{path.relative_to(project)} is empty"
    for name, text in _texts(project):
        for found in sorted(set(TEMPLATE.findall(f"{name}\n{text}"))):
            yield f"{name} holds {found}"


def words_of_other_answers(project: Path, answers: dict[str, str]) -> Iterator[str]:
    """Yield the lines that mention an answer that was not given."""
    chosen = {f"{question}={answer}" for question, answer in answers.items()}
    unwanted = {fact: words for fact, words in EXCLUDED.items() if fact in chosen}
    for fact in _facts_not_chosen(answers):
        unwanted[fact] = WORDS.get(fact, (re.escape(fact.partition("=")[2]),))
    for fact, words in unwanted.items():
        pattern = re.compile(rf"(?<![a-z])({'|'.join(words)})(?![a-z])", re.IGNORECASE)
        for name, text in _texts(project) if words else ():
            for line in (name, *text.splitlines()):
                if pattern.search(line) and not _allowed(fact, name, line):
                    yield f"{name} mentions {fact}: {line.strip()}"


def _facts_not_chosen(answers: dict[str, str]) -> Iterator[str]:
    offered = matrix.choices(matrix.read_questions())
    for question, chosen in answers.items():
        parts = {part for answer in offered[question] for part in answer.split("+")}
        yield from (f"{question}={part}" for part in parts - set(chosen.split("+")) - {"none"})


def _allowed(fact: str, name: str, line: str) -> bool:
    exempt = ALLOWED.get(fact)
    return exempt is not None and bool(exempt.search(name) or exempt.search(line))


def unused_dependencies(project: Path) -> Iterator[str]:
    """Yield the dependencies that no module imports, or opens as a resource."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    named = set(_names(project))
    for requirement in pyproject["project"]["dependencies"]:
        name = re.split(r"[^\w.-]", requirement)[0].lower()
        module = IMPORT_NAMES.get(name, name.replace("-", "_"))
        if module not in named and name not in LOADED_BY_NAME:
            yield f"pyproject.toml depends on {name}, which no module names"


def _names(project: Path) -> Iterator[str]:
    for folder in ("src", "migrations"):
        for module in (project / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module.partition(".")[0]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def unknown_settings(project: Path) -> Iterator[str]:
    """Yield the names in .env.example, commented ones too, that no settings class has."""
    fields = _fields_of_classes(project / "src" / "app")
    example = (project / ".env.example").read_text(encoding="utf-8")
    for setting in re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE):
        section = "Settings"
        for part in setting.lower().split("__"):
            if part not in fields.get(section, {}):
                yield f".env.example names {setting}, which is no setting"
                break
            section = fields[section][part]


def _fields_of_classes(package: Path) -> dict[str, dict[str, Any]]:
    """Return, for every class, its annotated names and what they are annotated with."""
    return {
        node.name: {
            field.target.id: ast.unparse(field.annotation)
            for field in node.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        }
        for module in package.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
