"""Checks for traces of the template and of other answers in projects."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, cast

from proof import matrix
from proof.settings import fields_of_classes, is_setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# GitHub's expressions are `${{ ... }}`, CloudFormation's references `{{resolve:...}}`.
TEMPLATE = re.compile(r"(?<!\$)\{\{(?!resolve:)|\{%|#%|(?<!\w)_options/|(?i:cookiecutter)")

# Words, as patterns, and the answers any of which gives them a place.
WORDS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("fastapi", "starlette", "uvicorn"), ("framework=fastapi",)),
    (("flask", "werkzeug", "gunicorn", "wsgi"), ("framework=flask",)),
    (("argon2", "passwords", "users", "refresh", "log ?in"), ("auth=jwt",)),
    (("api[-_ ]?keys?", "key_(?:use|access|authenticator)"), ("auth=api_key",)),
    (("oidc", "openid", "identity.provider", "jwks", "keycloak", "pkce"), ("auth=oidc",)),
    (("jwt",), ("auth=jwt", "auth=oidc")),
    (("postgres(?:ql)?", "psycopg", "asyncpg"), ("database=postgresql",)),
    (("docker(?:file)?",), ("container=yes",)),
    (("compose",), ("deploy=compose",)),
    (("caddy(?:file)?",), ("deploy=compose", "deploy=systemd")),
    (("cloud.?run", "knative", "gcloud", "skaffold", "cloud.?build"), ("deploy=cloud_run",)),
    (("kubernetes", "kubectl", "kustomiz\\w*", "k8s"), ("deploy=kubernetes",)),
    (("fly", "flyctl", "fly\\.io"), ("deploy=fly",)),
    (("aws", "ecs", "fargate", "cloudformation", "rds"), ("deploy=aws",)),
    (("systemd", "systemctl", "journalctl"), ("deploy=systemd",)),
    (("github",), ("ci=github",)),
    (("gitlab",), ("ci=gitlab",)),
]

# Where such a word is in its place all the same: in files and lines that match.
ALLOWED = {
    "compose": re.compile(r"compose\.dev\.yaml|package-ecosystem: docker-compose"),
    "docker(?:file)?": re.compile(r"compose\.dev\.yaml|package-ecosystem: docker-compose"),
    "log ?in": re.compile(r"^(\.github|\.gitlab|deploy/|docs/deploy)|login\.microsoftonline"),
    "users": re.compile(r"fly mpg users|^users: \[|\bsql users\b"),
    "oidc": re.compile(r"workload-identity-pools providers create-oidc|AWS::IAM::OIDCProvider"),
    "identity.provider": re.compile(r"workload.identity.provider", re.IGNORECASE),
    "github": re.compile(r"https://github\.com/superfly/flyctl/releases/"),
}

# Why a dependency that no module names is not unused.
LOADED_BY_NAME = {
    "aiosqlite": "SQLAlchemy loads the driver that the URL names",
    "asyncpg": "SQLAlchemy loads the driver that the URL names",
    "redis": "limits loads it for the URL of the counts",
    "uvloop": "the server takes the fastest event loop that it finds",
}
IMPORT_NAMES = {"argon2-cffi": "argon2", "pyjwt": "jwt", "python-dotenv": "dotenv"}

MAY_BE_EMPTY = {"__init__.py", "py.typed"}


def leftovers(project: Mapping[str, str], answers: Mapping[str, str]) -> list[str]:
    """Return a line for everything in a project that its owner would wonder about.

    Of the project, that is, the texts of all its files by path, as `reading.contents`
    returns them.
    """
    return [
        *traces_of_the_template(project),
        *words_of_other_answers(project, answers),
        *unused_dependencies(project),
        *unknown_settings(project),
    ]


def traces_of_the_template(project: Mapping[str, str]) -> Iterator[str]:
    """Yield what Jinja or the hook should have replaced, and what holds nothing."""
    for name, text in project.items():
        if not text and PurePath(name).name not in MAY_BE_EMPTY:
            yield f"{name} is empty"
        for found in _traces(f"{name}\n{text}"):
            yield f"{name} holds {found}"


@cache
def _traces(text: str) -> list[str]:
    return sorted(set(TEMPLATE.findall(text)))


def words_of_other_answers(project: Mapping[str, str], answers: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that mention an answer that was not given."""
    chosen = {
        f"{question}={part}" for question, answer in answers.items() for part in answer.split("+")
    }
    chosen |= {"container=yes"} if "Dockerfile" in project else set()
    for name, text in project.items():
        if name == ".env":  # as .env.example, but secrets spell anything
            continue
        for word, places, line in _mentions(f"{name}\n{text}"):
            allowed = ALLOWED.get(word)
            in_place = allowed and (allowed.search(name) or allowed.search(line))
            if chosen.isdisjoint(places) and not in_place:
                yield f"{name} mentions {word}: {line.strip()}"


@cache
def _mentions(text: str) -> list[tuple[str, tuple[str, ...], str]]:
    """Return the words in a text, where each has a place, and its line."""
    rows = [(word, places) for words, places in _words() for word in words]
    pattern = re.compile(
        rf"(?<![a-z])(?:{'|'.join(f'({word})' for word, _ in rows)})(?![a-z])", re.IGNORECASE
    )
    return [
        (*rows[cast("int", found.lastindex) - 1], line)
        for line in text.splitlines()
        for found in pattern.finditer(line)
    ]


@cache
def _words() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the table above; an answer that it does not know is itself such a word."""
    known = {place for _, places in WORDS for place in places} | {"database=sqlite"}
    offered = matrix.choices(matrix.read_questions())
    return WORDS + [
        ((re.escape(part),), (f"{question}={part}",))
        for question, answers in offered.items()
        if question not in matrix.ONE_FOR_ALL
        for answer in answers
        for part in answer.split("+")
        if part != "none" and f"{question}={part}" not in known
    ]


def unused_dependencies(project: Mapping[str, str]) -> Iterator[str]:
    """Yield the dependencies that no module imports, or opens as a resource."""
    pyproject = tomllib.loads(project["pyproject.toml"])
    named = set().union(*map(_names_in, _modules(project, "src/", "migrations/")))
    for requirement in pyproject["project"]["dependencies"]:
        name = re.split(r"[^\w.-]", requirement)[0].lower()
        module = IMPORT_NAMES.get(name, name.replace("-", "_"))
        if module not in named and name not in LOADED_BY_NAME:
            yield f"pyproject.toml depends on {name}, which no module names"


def _modules(project: Mapping[str, str], *folders: str) -> Iterator[str]:
    for name, text in project.items():
        if name.startswith(folders) and name.endswith(".py"):
            yield text


@cache
def _names_in(source: str) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return frozenset(names)


def unknown_settings(project: Mapping[str, str]) -> Iterator[str]:
    """Yield the names in .env.example, commented ones too, that no settings class has."""
    fields = fields_of_classes(_modules(project, "src/app/"))
    example = r"^(?:# ?)?([A-Z][A-Z0-9_]*)="
    for setting in re.findall(example, project[".env.example"], re.MULTILINE):
        if not is_setting(setting, fields):
            yield f".env.example names {setting}, which is no setting"
