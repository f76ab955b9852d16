from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from app.core.settings import load_settings
from app.core.settings.auth import AuthSettings
from app.errors import ConfigurationError
from tests.settings import SECRET_KEY

if TYPE_CHECKING:
    from pathlib import Path


def auth(**values: object) -> AuthSettings:
    return AuthSettings.model_validate({"secret_key": SECRET_KEY} | values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", ""),
        ("secret_key", "31 characters are one too few.."),
        ("access_token_seconds", 0),
        ("access_token_seconds", 901),
        ("refresh_idle_seconds", 59),
        ("refresh_absolute_seconds", 59),
        ("refresh_leeway_seconds", 61),
        ("revocation_cache_seconds", 301),
        ("password_memory_kib", 7),
        ("password_time_cost", 0),
        ("attempts_per_account_and_address", "often"),
        ("attempts_per_account", ""),
        ("attempts_per_address", "60/eternity"),
        ("secret", "a name that is no setting"),
    ],
)
def test_an_impossible_value_is_refused_and_not_repeated(
    name: str,
    value: object,
) -> None:
    with pytest.raises(ValidationError) as refusal:
        auth(**{name: value})
    (error,) = refusal.value.errors()
    assert error["loc"] == (name,)
    assert "secret_key" not in name or not value or str(value) not in str(refusal.value)


def test_the_service_does_not_start_without_a_secret(
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert list(scratch.iterdir()) == []
    monkeypatch.delenv("AUTH__SECRET_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="AUTH__SECRET_KEY is required"):
        load_settings()


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_staging_and_production_refuse_a_secret_that_can_be_guessed(
    scratch: Path,
    environment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert list(scratch.iterdir()) == []
    monkeypatch.setenv("AUTH__SECRET_KEY", "abcabcabc" * 8)
    load_settings()
    monkeypatch.setenv("ENVIRONMENT", environment)
    with pytest.raises(ConfigurationError, match="AUTH__SECRET_KEY") as refusal:
        load_settings()
    assert "abcabcabc" not in str(refusal.value)


def test_the_secret_does_not_show() -> None:
    settings = auth()
    assert settings.secret_key.get_secret_value() == SECRET_KEY
    assert SECRET_KEY not in f"{settings!r} {settings} {settings.model_dump_json()}"
