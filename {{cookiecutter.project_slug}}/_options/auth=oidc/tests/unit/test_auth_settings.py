from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from app.core.settings import load_settings
from app.core.settings.auth import AuthSettings
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

ISSUER = "https://issuer.example/realms/a"


def auth(**values: object) -> AuthSettings:
    return AuthSettings.model_validate({"issuer": ISSUER, "audience": "us"} | values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "issuer.example"),
        ("audience", ""),
        ("algorithms", "none"),
        ("algorithms", "RS256,HS256"),
        ("leeway_seconds", 31),
    ],
)
def test_an_impossible_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        auth(**{name: value})
    assert {error["loc"][0] for error in refusal.value.errors()} == {name}


def test_an_audience_that_id_tokens_have_is_refused() -> None:
    with pytest.raises(ValidationError, match="must differ from AUTH__AUDIENCE"):
        auth(client_id="us")


@pytest.mark.parametrize("name", ["AUTH__ISSUER", "AUTH__AUDIENCE"])
@pytest.mark.usefixtures("scratch")
def test_the_service_does_not_start_without_a_provider(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_settings()
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=f"{name} is required"):
        load_settings()


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.usefixtures("scratch")
def test_staging_and_production_refuse_a_provider_without_tls(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH__ISSUER", "http://issuer.example")
    load_settings()
    monkeypatch.setenv("ENVIRONMENT", environment)
    with pytest.raises(ConfigurationError, match="AUTH__ISSUER must begin with https"):
        load_settings()


def test_the_example_is_fit_for_development(
    scratch: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    for name in ("AUTH__ISSUER", "AUTH__AUDIENCE"):
        monkeypatch.delenv(name)
    example = (pytestconfig.rootpath / ".env.example").read_text(encoding="utf-8")
    (scratch / ".env").write_text(example, encoding="utf-8")
    assert load_settings().auth.issuer
