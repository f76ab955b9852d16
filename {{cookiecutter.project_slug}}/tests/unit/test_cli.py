from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from app import DESCRIPTION
from app.cli import main
from app.models.base import Base
from tests.statements import tables

pytestmark = pytest.mark.usefixtures("scratch")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"ENVIRONMENT": "test"} | environment).invoke(main, arguments)


def test_help_lists_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert DESCRIPTION in result.output
    for name in ("config", "migrate", "openapi", "serve"):
        assert f"  {name} " in result.output


def test_migrate_makes_the_tables(empty_url: str) -> None:
    result = run("migrate", DATABASE__URL=empty_url)
    assert result.exit_code == 0, result.output
    assert tables(empty_url) == {*Base.metadata.tables, "alembic_version"}


def test_config_prints_the_settings_in_effect_with_secrets_masked() -> None:
    url = "redis://:secret@cache:6379/0"
    result = run("config", RATE_LIMIT__STORAGE_URL=url, DEBUG="1")
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed["debug"] is True
    masked = "redis://:**********@cache:6379/0"
    assert printed["rate_limit"]["storage_url"] == masked


def test_openapi_prints_the_document() -> None:
    result = run("openapi")
    assert result.exit_code == 0
    assert "/health" in json.loads(result.stdout)["paths"]


@pytest.mark.parametrize("command", ["config", "migrate", "openapi", "serve"])
def test_a_refusal_is_a_sentence(command: str) -> None:
    result = run(command, ENVIRONMENT="production", DEBUG="1")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "DEBUG must be off" in result.stderr
    assert "Traceback" not in result.output
