"""The development database: its URL in documents, and what starts it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from proof.documents.invocations import services_of
from proof.documents.markdown import found_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.documents.project import Project

COMPOSE = "compose.dev.yaml"
LOCAL = {"127.0.0.1", "localhost"}
URL = re.compile(r"(\w+=|`)?\"?(postgresql(?:\+\w+)?://[^\s\"'`|]+)")


def verdicts(project: Project) -> Iterator[str | None]:
    """Yield for each URL of a local PostgreSQL whether the Compose file starts such a one."""
    documents = ("README.md", "AGENTS.md", ".env.example")
    if COMPOSE not in project.files:
        for file in documents:
            named = re.search(r"compose\.dev|postgresql://", project.files[file])
            yield f"{file}: there is no {COMPOSE}" if named else None
        return
    server = _server(project.files[COMPOSE])
    for file in documents:
        for variable, url in found_in(URL, project.files[file]):
            if urlsplit(url).hostname in LOCAL:
                yield from _compared(file, variable.rstrip("="), url, server)
    local = project.files.get("compose.local.yaml", "")
    inside = {**server, "ports": {5432}}
    for _, url in URL.findall(local):
        yield from _compared("compose.local.yaml", "DATABASE__URL", url, inside)


def _server(text: str) -> dict[str, Any]:
    """Return user, password, databases and ports of the server that is started."""
    service = services_of(COMPOSE, text)["postgres"]
    environment = service["environment"]
    return {
        "username": environment.get("POSTGRES_USER", "postgres"),
        "password": environment.get("POSTGRES_PASSWORD"),
        "main": environment.get("POSTGRES_DB", environment.get("POSTGRES_USER")),
        "others": set(re.findall(r"CREATE DATABASE (\w+)", text)),
        "ports": {int(str(port).split(":")[-2]) for port in service["ports"]},
    }


def _compared(file: str, variable: str, url: str, server: dict[str, Any]) -> Iterator[str | None]:
    parts = urlsplit(url)
    for what in ("username", "password"):
        if getattr(parts, what) != server[what]:
            yield f"{file}: {url} has another {what} than {COMPOSE}"
    if (parts.port or 5432) not in server["ports"]:
        yield f"{file}: {url} has another port than {COMPOSE}"
    wanted = server["others"] if variable.startswith("TEST_") else {server["main"]}
    if parts.path.removeprefix("/") not in wanted:
        yield f"{file}: {COMPOSE} makes no database for {variable} like that of {url}"
    yield None
