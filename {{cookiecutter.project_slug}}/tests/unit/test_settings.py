from __future__ import annotations

import os
import sys
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from app.core.errors import ConfigurationError
from app.core.settings import load_settings, write_missing_env_file
from tests.databases import LASTING_URL, UNSAFE_URLS

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "correct-horse-battery-staple"


def refusal() -> str:
    with pytest.raises(ConfigurationError) as error:
        load_settings()
    return str(error.value)


pytestmark = pytest.mark.usefixtures("scratch")

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


def test_sources_complete_each_other(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / "config.toml").write_text("[database]\npool_size = 3\n", "utf-8")
    monkeypatch.setenv("DATABASE__POOL_TIMEOUT", "1.5")
    database = load_settings().database
    assert (database.pool_size, database.pool_timeout) == (3, 1.5)


@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.0/8,192.0.2.1",
        " 10.0.0.0/8 , 192.0.2.1, ",
        '["10.0.0.0/8", "192.0.2.1"]',
    ],
)
def test_a_list_is_json_or_separated_by_commas(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    monkeypatch.setenv("CORS__ORIGINS", '["https://a.example"]')
    settings = load_settings()
    networks = tuple(map(ip_network, ("10.0.0.0/8", "192.0.2.1")))
    assert settings.trusted_proxies == networks
    assert settings.cors.origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "prod"),
        ("DEBUG", SECRET),
        ("DATABASE__URL", SECRET),
        ("DATABASE__URL", f"oracle://app:{SECRET}@db/app"),
        ("DATABASE__POOL_SIZE", "0"),
        ("DATABASE__POOL_SIZE", SECRET),
        ("DATABASE__URI", SECRET),
        ("RATE_LIMIT__REQUESTS", SECRET),
        ("DRAIN_SECONDS", "-1"),
        ("SHUTDOWN_SECONDS", "0"),
        ("TRUSTED_PROXIES", SECRET),
        ("TRUSTED_PROXIES", f'["{SECRET}"'),
    ],
)
def test_an_impossible_setting_is_named_and_its_value_not_repeated(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    message = refusal()
    assert name in message
    assert SECRET not in message


@pytest.mark.parametrize("name", ["missing", "file"])
def test_secrets_that_are_no_directory_are_refused(
    name: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch / "file").touch()
    monkeypatch.setenv("SECRETS_DIRECTORY", str(scratch / name))
    assert "\nSECRETS_DIRECTORY: " in refusal()


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
    assert SECRET not in settings.model_dump_json()


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
        (".env", "DATABSE__URL=%s\n"),
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
    assert "DATABSE" in message
    assert SECRET not in message


@pytest.mark.parametrize("name", ["config.yaml", "config.json", "config.toml"])
def test_a_file_that_cannot_be_read_is_refused(name: str, scratch: Path) -> None:
    (scratch / name).write_text("{" + SECRET, encoding="utf-8")
    message = refusal()
    assert SECRET not in message


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DEBUG", "1", "DEBUG must be off"),
        ("CORS__ORIGINS", "*", "CORS__ORIGINS must list origins"),
        ("CORS__ORIGINS", "https://a.example,*", "CORS__ORIGINS must list origins"),
        *(("DATABASE__URL", url, "DATABASE__URL") for url in UNSAFE_URLS),
    ],
)
def test_staging_and_production_refuse_what_only_suits_development(
    environment: str,
    name: str,
    value: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    load_settings()
    monkeypatch.setenv("ENVIRONMENT", environment)
    assert reason in refusal()


def test_a_refusal_names_every_unsafe_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DEBUG", "1")
    monkeypatch.setenv("CORS__ORIGINS", "*")
    monkeypatch.setenv("DATABASE__URL", UNSAFE_URLS[0])
    first, *reasons = refusal().splitlines()
    assert first.endswith(":")
    for name in ("DEBUG", "CORS__ORIGINS", "DATABASE__URL"):
        assert any(reason.startswith(name) for reason in reasons)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_staging_and_production_start_on_what_suits_them(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("DATABASE__URL", LASTING_URL)
    monkeypatch.setenv("CORS__ORIGINS", "https://a.example")
    assert load_settings().environment == environment


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE__URL", f"{LASTING_URL}{SECRET}")
    monkeypatch.setenv("RATE_LIMIT__STORAGE_URL", f"redis://:{SECRET}@cache/0")
    settings = load_settings()
    assert SECRET in settings.database.url.get_secret_value()
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.debug = True


def test_env_is_written_once_with_fresh_secrets(scratch: Path) -> None:
    example = "# A comment.\nA=change-me\nB=change-me\nC=plain # é\n"
    (scratch / ".env.example").write_text(example, encoding="utf-8")
    assert write_missing_env_file(scratch)
    env = (scratch / ".env").read_text(encoding="utf-8")
    lines = dict(line.split("=", 1) for line in env.splitlines() if "=" in line)
    assert lines["C"] == "plain # é"
    assert len({lines["A"], lines["B"], "change-me"}) == 3
    assert min(len(lines["A"]), len(lines["B"])) >= 43  # 256 bits
    assert not write_missing_env_file(scratch)
    assert (scratch / ".env").read_text(encoding="utf-8") == env


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
