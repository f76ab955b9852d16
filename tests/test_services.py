"""What services do that one combination alone cannot show, and what their users do first."""

from __future__ import annotations

import difflib
import json
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from proof import matrix
from proof.commands import users_environment
from proof.machines.postgres import free_port
from proof.machines.serving import answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHOICES = matrix.choices(matrix.read_questions())
LEAST = {"deploy": "none", "database": "sqlite", "ci": "none"}
SLUGS = [LEAST | {"project_slug": slug} for slug in ("a-service", "zebra")]
TREES = [
    {"framework": framework, "auth": auth, "database": database, "deploy": "none", "ci": "none"}
    for framework in CHOICES["framework"]
    for auth in CHOICES["auth"]
    for database in CHOICES["database"]
]


def name(answers: dict[str, str]) -> str:
    """Return a test's name for answers."""
    return "-".join(answers.values())


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Return the environment that a user's shell would have."""
    return users_environment()


def openapi_of(project: Path, environment: dict[str, str]) -> Any:
    """Return the OpenAPI document that a service prints."""
    command = ["uv", "run", "--quiet", "app", "openapi"]
    printed = subprocess.run(
        command, cwd=project, env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(printed.stdout)


@pytest.mark.parametrize("auth", CHOICES["auth"])
def test_all_frameworks_describe_the_same_api(
    bake: Callable[..., Path], environment: dict[str, str], auth: str
) -> None:
    documents = {
        framework: openapi_of(bake(**LEAST, framework=framework, auth=auth), environment)
        for framework in CHOICES["framework"]
    }
    assert documents["fastapi"]["paths"]
    assert documents["flask"] == documents["fastapi"]


@pytest.mark.parametrize("framework", CHOICES["framework"])
def test_a_user_registers_logs_in_and_manages_items(
    bake: Callable[..., Path], environment: dict[str, str], framework: str
) -> None:
    project = bake(framework=framework, auth="jwt")
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


@pytest.mark.parametrize("answers", TREES, ids=name)
def test_a_service_runs_edited_sources_without_a_build_or_network(
    answers: dict[str, str],
    bake: Callable[..., Path],
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    project = bake(**answers)
    subprocess.run(["uv", "sync", "--quiet", "--locked"], cwd=project, env=environment, check=True)
    with (project / "src" / "app" / "cli.py").open("a", encoding="utf-8") as cli:
        cli.write('\n\nprint("edited")\n')
    away = environment | {
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "none"),
    }  # nothing to build with
    command = ["uv", "run", "app", "--help"]
    run = subprocess.run(
        command, cwd=project, env=away, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("edited")


@pytest.mark.parametrize("answers", TREES + SLUGS, ids=name)
def test_uv_add_only_adds_lines_to_the_lock_file(
    answers: dict[str, str], bake: Callable[..., Path], environment: dict[str, str]
) -> None:
    project = bake(**answers)
    before = (project / "uv.lock").read_text("utf-8").splitlines()
    added = ["uv", "add", "--quiet", "--no-sync", "--dev", "click"]  # uv writes the file anew
    subprocess.run(added, cwd=project, env=environment, check=True)
    after = (project / "uv.lock").read_text("utf-8").splitlines()
    assert [line for line in difflib.ndiff(before, after) if line[0] == "-"] == []
    assert len(after) > len(before)


SOUND = {
    "ENVIRONMENT": "production",
    "DATABASE__URL": "postgresql://app:5b1f0c3a9d7e2468@127.0.0.1:1/app",
    "AUTH__SECRET_KEY": "c1b2f5a98d3e47609b8a7c6d5e4f3021" * 2,
    "AUTH__ISSUER": "https://issuer.example",
    "AUTH__AUDIENCE": "service",
}

# What must not be so in production, by kind of auth; None stands for a setting that is missing.
UNSOUND = {
    "jwt": [
        ("ENVIRONMENT", "live-site"),
        ("DEBUG", "1"),
        ("TRUSTED_PROXIES", "everybody"),
        ("CORS__ORIGINS", "*"),
        ("RATE_LIMIT__REQUESTS", "often"),
        ("DATABASE__URL", None),
        ("DATABASE__URL", "sqlite:///app.db"),
        ("DATABASE__URL", "postgresql://app@127.0.0.1/app"),
        ("DATABASE__URL", "postgresql://app:postgres@127.0.0.1/app"),
        ("DATABASE__URL", "mysql://app:5b1f0c3a9d7e2468@127.0.0.1/app"),
        ("DATABASE__ULR", "postgresql://app:5b1f0c3a9d7e2468@127.0.0.1/app"),
        ("AUTH__SECRET_KEY", None),
        ("AUTH__SECRET_KEY", ""),
        ("AUTH__SECRET_KEY", "c1b2f5a98d3e47609b8a7c6d5e4f302"),
        ("AUTH__SECRET_KEY", "change-me" * 8),
        ("AUTH__SECRET_KEY", "ab" * 32),
        ("AUTH__ACCESS_TOKEN_SECONDS", "3600"),
        ("AUTH__PASSWORD_MEMORY_KIB", "1024"),
        ("AUTH__PASSWORD_TIME_COST", "1"),
    ],
    "oidc": [
        ("AUTH__ISSUER", None),
        ("AUTH__ISSUER", "http://issuer.example"),
        ("AUTH__AUDIENCE", None),
        ("AUTH__ALGORITHMS", "HS256"),
        ("AUTH__LEEWAY_SECONDS", "31"),
    ],
}


@pytest.mark.parametrize("auth", UNSOUND)
def test_production_refuses_each_unsound_setting_by_name(
    bake: Callable[..., Path], environment: dict[str, str], auth: str
) -> None:
    project = bake(auth=auth)
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, env=environment, check=True)
    (project / ".env").unlink()
    own = "AUTH__SECRET_KEY" if auth == "oidc" else "AUTH__ISSUER"
    sound = {name: value for name, value in SOUND.items() if name != own}
    if auth == "jwt":
        del sound["AUTH__AUDIENCE"]
    for name, value in UNSOUND[auth]:
        settings = {**environment, **sound, **({name: value} if value is not None else {})}
        if value is None:
            del settings[name]
        command = ["uv", "run", "--no-sync", "app", "serve", "--port", str(free_port())]
        refused = subprocess.run(
            command,
            cwd=project,
            env=settings,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert refused.returncode == 1, (name, value)
        assert f"\n{name}" in refused.stderr, (name, value)
        assert not value or value in {"1", "*", "31"} or value not in refused.stderr
        assert "Traceback" not in refused.stderr


def call(method: str, url: str, body: object, token: str = "") -> Any:
    """Call the API and return its answer; a refusal is an error."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, content, headers, method=method), timeout=30) as response:  # noqa: S310 -- the address is our own
        return json.loads(response.read() or b"null")
