"""Reads the settings: environment, secrets, `.env`, `config.yaml`, `.json`, `.toml`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    JsonConfigSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from app.core.errors import ConfigurationError
from app.core.settings.model import Environment, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PLACEHOLDER = "change-me"


class _Sources(BaseSettings, Settings):
    """The settings, read from the sources named above; the first one wins."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_nested_delimiter="__",
        yaml_file="config.yaml",
        json_file="config.json",
        toml_file="config.toml",
        extra="forbid",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del init_settings
        return (
            env_settings,
            _secrets(file_secret_settings),
            dotenv_settings,
            YamlConfigSettingsSource(settings_cls),
            JsonConfigSettingsSource(settings_cls),
            TomlConfigSettingsSource(settings_cls),
        )


def _secrets(source: PydanticBaseSettingsSource) -> PydanticBaseSettingsSource:
    """Return the files of SECRETS_DIRECTORY, each named after its setting."""
    directory = os.environ.get("SECRETS_DIRECTORY") or None
    try:
        return NestedSecretsSettingsSource(
            source, secrets_dir=directory, secrets_dir_missing="error"
        )
    except SettingsError as error:
        sentence = f"SECRETS_DIRECTORY: {error}"
        raise ConfigurationError(_lines([sentence])) from error


def load_settings() -> Settings:
    """Read the settings, and reject those that the environment does not allow.

    Raises:
        ConfigurationError: lists the invalid settings, without their values.
    """
    try:
        settings: Settings = _Sources()
    except ValidationError as error:
        raise ConfigurationError(_lines(_sentences(error))) from None
    except ConfigurationError:
        raise
    except Exception as error:  # each file format raises its own errors
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigurationError(_lines([reason])) from error
    if settings.environment in {Environment.STAGING, Environment.PRODUCTION}:
        unsafe = list(settings.unsafe_settings())
        if unsafe:
            raise ConfigurationError(_lines(unsafe))
    return settings


def write_missing_env_file(directory: Path) -> bool:
    """Write `.env` from `.env.example` if it is missing; return true if written.

    Each placeholder is replaced by a new secret. Git ignores `.env`, so a new clone has
    none. Only in development.
    """
    example, target = directory / ".env.example", directory / ".env"
    environment = os.environ.get("ENVIRONMENT", Environment.DEVELOPMENT)
    if (
        environment != Environment.DEVELOPMENT
        or target.exists()
        or not example.exists()
    ):
        return False
    lines = example.read_text(encoding="utf-8").splitlines()
    text = "\n".join(
        line.replace(PLACEHOLDER, secrets.token_urlsafe(32)) for line in lines
    )
    target.touch(mode=0o600)
    target.write_text(text + "\n", encoding="utf-8")
    return True


def _sentences(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=False):
        name = "__".join(str(part) for part in detail["loc"]).upper()
        yield f"{name}: {detail['msg']}"


def _lines(sentences: Iterable[str]) -> str:
    return "\n".join(("The service cannot start with these settings:", *sentences))
