"""Where settings come from: the environment, secrets and files."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from app.cli import main
from app.core.settings import load_settings, write_missing_env_file
from app.errors import ConfigurationError
from tests.databases import LASTING_URL

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "correct-horse-battery-staple"

pytestmark = pytest.mark.usefixtures("scratch")


def refusal() -> str:
    with pytest.raises(ConfigurationError) as error:
        load_settings()
    return str(error.value)


SOURCES = {
    "secrets/DATABASE__POOL_SIZE": "%d\n",
    ".env": "DATABASE__POOL_SIZE=%d\n",
    "config.yaml": "database:\n  pool_size: %d\n",
    "config.json": '{"database": {"pool_size": %d}}',
    "config.toml": "[database]\npool_size = %d\n",
}


def test_the_environment_wins_over_files_and_one_file_over_the_next(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE__POOL_SIZE", "1")
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch / "secrets"))
    (scratch / "secrets").mkdir()
    for size, (name, text) in enumerate(SOURCES.items(), start=2):
        (scratch / name).write_text(text % size, encoding="utf-8")
    found = [load_settings().database.pool_size]
    monkeypatch.delenv("DATABASE__POOL_SIZE")
    for name in SOURCES:
        found.append(load_settings().database.pool_size)
        (scratch / name).unlink()
    assert found == [1, 2, 3, 4, 5, 6]
    assert load_settings().database.pool_size == 10


@pytest.mark.parametrize("name", ["missing", "file"])
def test_secrets_that_are_no_directory_are_refused(
    name: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / "file").touch()
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch / name))
    assert "\nSECRETS_DIRECTORY must be a directory" in refusal()


@pytest.mark.parametrize(
    ("name", "text"), [(".env", "%s=%s\n"), ("config.yaml", "%s: %s\n")]
)
def test_the_directory_of_secrets_may_be_named_in_a_file_and_is_printed(
    name: str, text: str, scratch: Path
) -> None:
    (scratch / "secrets").mkdir()
    (scratch / "secrets" / "DATABASE__POOL_SIZE").write_text("7", encoding="utf-8")
    assignment = text % ("SECRETS_DIRECTORY", "secrets")
    (scratch / name).write_text(assignment, encoding="utf-8")
    printed = json.loads(CliRunner().invoke(main, ["config"]).stdout)
    assert printed["secrets_directory"] == "secrets"
    assert printed["database"]["pool_size"] == 7


def test_a_secret_is_the_text_of_a_file_that_may_be_a_link(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = scratch / "..2026_11_20"
    version.mkdir()
    (version / "DATABASE__URL").write_text(f"{LASTING_URL}{SECRET}\n", "utf-8")
    try:
        (scratch / "..data").symlink_to(version.name)
        (scratch / "DATABASE__URL").symlink_to("..data/DATABASE__URL")
    except OSError:
        pytest.skip("this user may not make links")
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch))
    settings = load_settings()
    assert settings.database.url.get_secret_value() == f"{LASTING_URL}{SECRET}"


def test_a_secret_that_is_no_setting_is_refused_where_a_section_has_its_name(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch))
    (scratch / "SOMEBODY_ELSES").write_text(SECRET, encoding="utf-8")
    load_settings()
    (scratch / "DATABASE__URI").write_text(SECRET, encoding="utf-8")
    assert "DATABASE__URI" in refusal()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yaml", "databse:\n  url: %s\n"),
        ("config.json", '{"databse": {"url": "%s"}}'),
        ("config.toml", '[databse]\nurl = "%s"\n'),
    ],
)
def test_a_name_that_is_no_setting_is_refused(
    name: str, text: str, scratch: Path
) -> None:
    (scratch / name).write_text(text % SECRET, encoding="utf-8")
    message = refusal()
    assert "DATABSE is not a setting; did you mean DATABASE?" in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("RATE_LIMIT__ENABELD", "; did you mean RATE_LIMIT__ENABLED?"),
        ("database_url", "; did you mean DATABASE__URL?"),
        ("ENVIROMENT", "; did you mean ENVIRONMENT?"),
        ("ENV", "; did you mean ENVIRONMENT?"),
        ("POOL_SIZE", "; did you mean DATABASE__POOL_SIZE?"),
        ("CORS__SOMETHING_ELSE", ""),
    ],
)
def test_a_name_in_env_that_is_nearly_a_setting_is_ignored_with_a_warning(
    name: str, suggestion: str, scratch: Path
) -> None:
    (scratch / ".env").write_text(f"{name}={SECRET}\nDEBUG=1\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["config"])
    assert json.loads(result.stdout)["debug"] is True
    sentence = f"Warning: .env: {name.upper()} is not a setting{suggestion}\n"
    assert result.stderr == sentence


@pytest.mark.parametrize(
    "name",
    [
        *("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "PGDATA", "REDIS_URL"),
        *("COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "DOCKER_HOST"),
        *("TAG", "DOMAIN", "UV_PYTHON", "OTEL_SERVICE_NAME", "GF_SECURITY__PASSWORD"),
    ],
)
def test_a_name_in_env_of_another_program_is_ignored(name: str, scratch: Path) -> None:
    (scratch / ".env").write_text(f"{name}={SECRET}\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["config"])
    assert result.exit_code == 0
    assert result.stderr == ""


@pytest.mark.parametrize(("name", "text"), SOURCES.items())
def test_a_byte_order_mark_is_no_part_of_a_file(
    name: str, text: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / "secrets").mkdir()
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch / "secrets"))
    (scratch / name).write_text(text % 7, encoding="utf-8-sig")
    assert load_settings().database.pool_size == 7


@pytest.mark.parametrize("name", ["config.yaml", "config.json", "config.toml"])
def test_a_file_that_cannot_be_read_is_refused(name: str, scratch: Path) -> None:
    (scratch / name).write_text("{" + SECRET, encoding="utf-8")
    message = refusal()
    assert f"\n{name} cannot be read: " in message
    assert SECRET not in message


@pytest.mark.parametrize(
    "text", ["[1]", "5", "'", "1: a", f"debug: *{SECRET}", f"a: !{SECRET} b"]
)
def test_a_file_that_does_not_hold_settings_is_refused(
    text: str, scratch: Path
) -> None:
    (scratch / "config.yaml").write_text(text, encoding="utf-8")
    message = refusal()
    assert "\nconfig.yaml cannot be read: " in message
    assert SECRET not in message


def test_all_files_that_cannot_be_read_are_named(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / "secrets").mkdir()
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch / "secrets"))
    for name in SOURCES:
        (scratch / name).write_bytes(SECRET.encode("utf-16"))
    first, *reasons = refusal().splitlines()
    assert first.endswith(":")
    names = [".env", "config.yaml", "config.json", "config.toml", "SECRETS_DIRECTORY"]
    assert reasons == [f"{name} cannot be read: it is not UTF-8" for name in names]


def test_what_is_wrong_elsewhere_is_named_too_but_not_what_is_missing(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / "config.json").write_text("{", encoding="utf-8")
    monkeypatch.setenv("DEBUG", "maybe")
    for name in [name for name in os.environ if name.startswith("AUTH__")]:
        monkeypatch.delenv(name)
    _, unread, wrong = refusal().splitlines()
    assert unread.startswith("config.json cannot be read: ")
    assert wrong == "DEBUG must be true or false"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_env_can_be_read_by_its_owner_only(scratch: Path) -> None:
    (scratch / ".env.example").write_text("A=change-me\n", encoding="utf-8")
    before = os.umask(0)
    write_missing_env_file(scratch)
    os.umask(before)
    assert (scratch / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("environment", ["test", "staging", "production"])
def test_env_is_written_in_development_only(
    environment: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / ".env.example").write_text("A=change-me\n", encoding="utf-8")
    monkeypatch.setenv("ENVIRONMENT", environment)
    assert not write_missing_env_file(scratch)
    assert not (scratch / ".env").exists()


def test_env_is_not_written_without_an_example(scratch: Path) -> None:
    assert not write_missing_env_file(scratch)
