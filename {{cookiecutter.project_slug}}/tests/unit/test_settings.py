from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.core.settings import (
    env_file_warnings,
    load_settings,
    write_missing_env_file,
)
from app.errors import ConfigurationError
from tests.databases import LASTING_URL, UNSAFE_URLS

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "correct-horse-battery-staple"

pytestmark = pytest.mark.usefixtures("scratch")


def refusal() -> str:
    with pytest.raises(ConfigurationError) as error:
        load_settings()
    return str(error.value)


def test_the_environment_wins_over_env_and_that_over_other_files(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "[database]\npool_size = 1\npool_timeout = 1.5\n"
    (scratch / "config.toml").write_text(config, encoding="utf-8")
    (scratch / ".env").write_text("DATABASE__POOL_SIZE=2\n", encoding="utf-8")
    database = load_settings().database
    assert (database.pool_size, database.pool_timeout) == (2, 1.5)
    monkeypatch.setenv("DATABASE__POOL_SIZE", "3")
    assert load_settings().database.pool_size == 3


@pytest.mark.parametrize(
    "name", ["DEBUG", "DATABASE__URL", "DATABASE__URI", "TRUSTED_PROXIES"]
)
def test_an_impossible_setting_is_named_and_its_value_not_repeated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SECRET)
    message = refusal()
    assert name in message
    assert SECRET not in message


def test_production_names_at_once_what_is_impossible_and_what_is_unsafe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DEBUG", "1")
    monkeypatch.setenv("CORS__ORIGINS", "*")
    monkeypatch.setenv("DATABASE__URL", UNSAFE_URLS[0])
    monkeypatch.setenv("DATABASE__POOL_SIZE", "0")
    first, *reasons = refusal().splitlines()
    assert first.endswith(":")
    for name in ("DEBUG", "CORS__ORIGINS", "DATABASE__URL", "DATABASE__POOL_SIZE"):
        assert any(reason.startswith(f"{name} ") for reason in reasons)


def test_production_starts_on_what_suits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE__URL", LASTING_URL)
    monkeypatch.setenv("CORS__ORIGINS", "https://a.example")
    assert load_settings().environment == "production"


def test_the_password_of_a_url_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT__STORAGE_URL", f"redis://:{SECRET}@cache/0")
    settings = load_settings()
    assert SECRET in settings.rate_limit.storage_url.get_secret_value()
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in shown
        assert "redis://:**********@cache/0" in shown


def test_env_may_hold_names_of_other_programs(scratch: Path) -> None:
    names = "OTHER_PASSWORD=a\nPROJECT_NAME=b\nRATE_LIMIT__ENABELD=false\n"
    (scratch / ".env").write_text(names, encoding="utf-8")
    assert load_settings().rate_limit.enabled
    (warning,) = env_file_warnings()
    assert "did you mean RATE_LIMIT__ENABLED?" in warning


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
