"""What services do that one combination alone cannot show, and what their users do first."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests import matrix, postgres
from tests.generation import generate
from tests.postgres import free_port
from tests.prove import OURS, interpreter
from tests.serving import answers

if TYPE_CHECKING:
    from pathlib import Path

CHOICES = matrix.choices(matrix.read_questions())
LEAST = {"deploy": "none", "database": "sqlite", "ci": "none"}


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Return the environment that a user's shell would have."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | {"UV_PYTHON": interpreter()}


def openapi_of(project: Path, environment: dict[str, str]) -> Any:
    """Return a service's own description of its API, with what says nothing left out."""
    command = ["uv", "run", "--quiet", "app", "openapi"]
    printed = subprocess.run(
        command, cwd=project, env=environment, check=True, capture_output=True, text=True
    )
    return without_null_defaults(json.loads(printed.stdout))


def without_null_defaults(node: Any) -> Any:
    """Drop `default: null`, which FastAPI leaves out."""
    if isinstance(node, list):
        return [without_null_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_null_defaults(value)
        for key, value in node.items()
        if (key, value) != ("default", None)
    }


@pytest.mark.parametrize("auth", CHOICES["auth"])
def test_all_frameworks_describe_the_same_api(
    template: Path, tmp_path: Path, environment: dict[str, str], auth: str
) -> None:
    documents = {
        framework: openapi_of(
            generate(
                template, tmp_path / framework, {**LEAST, "framework": framework, "auth": auth}
            ),
            environment,
        )
        for framework in CHOICES["framework"]
    }
    assert documents["fastapi"]["paths"]
    assert documents["flask"] == documents["fastapi"]


@pytest.mark.parametrize("framework", CHOICES["framework"])
def test_a_user_registers_logs_in_and_manages_items(
    template: Path, tmp_path: Path, environment: dict[str, str], framework: str
) -> None:
    project = generate(template, tmp_path, {"framework": framework, "auth": "jwt"})
    port = free_port()
    process = subprocess.Popen(
        ["uv", "run", "--quiet", "app", "serve", "--port", str(port)], cwd=project, env=environment
    )
    try:
        assert answers(f"http://127.0.0.1:{port}/health/ready", process)
        api = f"http://127.0.0.1:{port}/api/v1"
        account = {"email": "ada@example.org", "password": "analytical engine no. 1"}
        assert call("POST", f"{api}/auth/register", account)["email"] == "ada@example.org"
        token = call("POST", f"{api}/auth/login", account)["access_token"]
        item = call("POST", f"{api}/items", {"name": "cog"}, token)
        changed = call("PATCH", f"{api}/items/{item['id']}", {"name": "wheel"}, token)
        assert changed["name"] == "wheel"
        assert call("GET", f"{api}/items", None, token)["items"] == [changed]
        assert call("DELETE", f"{api}/items/{item['id']}", None, token) is None
        assert call("GET", f"{api}/items", None, token)["total"] == 0
    finally:
        process.terminate()
    assert process.wait() == 0


@pytest.mark.parametrize("framework", CHOICES["framework"])
def test_the_commands_of_the_readme_drop_sqlite(
    template: Path, tmp_path: Path, environment: dict[str, str], framework: str
) -> None:
    answers = {**LEAST, "framework": framework, "auth": "none", "database": "postgresql"}
    project = generate(template, tmp_path, answers)
    readme = (project / "README.md").read_text(encoding="utf-8")
    (commands,) = re.findall(
        r"To drop SQLite altogether:\n\n```console\n(.+?)```", readme, re.DOTALL
    )
    with postgres.fresh_database() as url:
        if url is None:
            pytest.skip("there is no PostgreSQL")
        settings = environment | {"TEST_DATABASE_URL": url, "DATABASE__URL": url, "CI": "true"}
        for command in (
            "uv sync --quiet",
            commands,
            "uv run mypy src",
            "uv run lint-imports --no-logo",
            "uv run app migrate",
            "uv run pytest --quiet --no-cov tests/api tests/migrations",
        ):
            subprocess.run(["sh", "-ec", command], cwd=project, env=settings, check=True)


def call(method: str, url: str, body: object, token: str = "") -> Any:
    """Call the API and return its answer; a refusal is an error."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, content, headers, method=method), timeout=30) as response:  # noqa: S310 -- the address is our own
        return json.loads(response.read() or b"null")
