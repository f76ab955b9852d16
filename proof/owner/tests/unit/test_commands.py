from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from app import VERSION
from app.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("scratch")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"ENVIRONMENT": "test"} | environment).invoke(main, arguments)


@pytest.mark.parametrize("name", ["config", "migrate", "openapi", "serve"])
def test_every_command_has_help(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_the_version_is_the_packages() -> None:
    assert VERSION in run("--version").output


@pytest.mark.parametrize("name", ["frobnicate", "__init__", "../cli"])
def test_an_unknown_command_is_a_usage_error(name: str) -> None:
    result = run(name)
    assert result.exit_code == 2
    assert "No such command" in result.stderr


def test_migrate_to_a_revision_that_is_not_there_is_refused(empty_url: str) -> None:
    result = run("migrate", "nonsense", DATABASE__URL=empty_url)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert "nonsense" in result.stderr


def test_a_missing_env_file_is_written_and_said_so(scratch: Path) -> None:
    (scratch / ".env.example").write_text("DEBUG=1\n", encoding="utf-8")
    result = run("config", ENVIRONMENT="development")
    assert result.stderr == "Wrote .env from .env.example.\n"
    assert json.loads(result.stdout)["debug"] is True
    assert run("config", ENVIRONMENT="development").stderr == ""
