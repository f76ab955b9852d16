"""Reads the settings: environment, secrets, `.env`, `config.yaml`, `.json`, `.toml`."""

from __future__ import annotations

import os
import secrets
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    JsonConfigSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from app.core.settings.model import Environment, Settings
from app.core.settings.refusals import (
    nearly_a_setting,
    not_a_setting,
    reason,
    refusals,
    setting_names,
)
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.resources.abc import Traversable

    from pydantic.fields import FieldInfo

PLACEHOLDER = "change-me"
_BYTE_ORDER_MARK: Final = "\ufeff"


class _Sources(BaseSettings, Settings):
    """Tells the sources the names of the settings, and the encoding of the files.

    Editors on Windows begin UTF-8 files with a byte order mark, hence "utf-8-sig".
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_nested_delimiter="__",
        yaml_file="config.yaml",
        yaml_file_encoding="utf-8-sig",
        json_file="config.json",
        json_file_encoding="utf-8-sig",
        toml_file="config.toml",
    )


class _Environment(EnvSettingsSource):
    """The environment variables."""

    def decode_complex_value(
        self, field_name: str, field: FieldInfo, value: object
    ) -> object:
        """Leave what is not JSON to the validation, which names the setting."""
        with suppress(ValueError):
            return super().decode_complex_value(field_name, field, value)
        return value


class _SecretFiles(_Environment, NestedSecretsSettingsSource):
    """The files of SECRETS_DIRECTORY, each named after its setting."""

    def __init__(self, settings_cls: type[BaseSettings], directory: str) -> None:
        super().__init__(SecretsSettingsSource(settings_cls), secrets_dir=directory)

    @classmethod
    def load_secrets(cls, path: Path) -> dict[str, str]:
        found = super().load_secrets(path)
        return {
            name: text.removeprefix(_BYTE_ORDER_MARK) for name, text in found.items()
        }


class _EnvFile(_Environment, DotEnvSettingsSource):
    """The settings in `.env`; other programs may read it, too.

    Attributes:
        unknown: the names that are no settings.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.unknown = {*map(str.upper, self.env_vars)}.difference(setting_names())
        self.env_vars = {
            name: value
            for name, value in self.env_vars.items()
            if name.upper() not in self.unknown
        }


class _TomlFile(TomlConfigSettingsSource):
    """`config.toml`, which tomllib reads without a byte order mark only."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        return tomllib.loads(file_path.read_text(encoding="utf-8-sig"))


# The first one wins.
_FILES: Final = {
    ".env": _EnvFile,
    "config.yaml": YamlConfigSettingsSource,
    "config.json": JsonConfigSettingsSource,
    "config.toml": _TomlFile,
}


def load_settings() -> Settings:
    """Read the settings, and reject those that the environment does not allow.

    Raises:
        ConfigurationError: lists the invalid settings, without their values.
    """
    values, wrong = _read_values()
    environment = values.get("environment")
    deployed = environment in (Environment.STAGING, Environment.PRODUCTION)
    try:
        settings = Settings.model_validate(values, context={"deployed": deployed})
    except ValidationError as error:
        # What is missing may be in a file that cannot be read.
        wrong += refusals(error, missing=not wrong)
    if wrong:
        reasons = dict.fromkeys(wrong)  # members of a union say the same
        raise ConfigurationError(
            "\n".join(("The service cannot start with these settings:", *reasons))
        )
    return settings


def _read_values() -> tuple[dict[str, Any], list[str]]:
    """Return the values of all sources, merged, and which sources cannot be read."""
    unread: list[str] = []

    def read(
        name: str, source: Callable[..., PydanticBaseSettingsSource], *arguments: str
    ) -> dict[str, Any]:
        try:
            return source(_Sources, *arguments)()
        except Exception as error:  # noqa: BLE001  # each format has its own
            unread.append(f"{name} cannot be read: {reason(error)}")
            return {}

    environment = _Environment(_Sources)()
    files: dict[str, Any] = {}
    for name, source in _FILES.items():
        files = _merged(files, read(name, source))
    directory = _merged(environment, files).get("secrets_directory")
    if isinstance(directory, str) and directory and Path(directory).is_dir():
        found = read("SECRETS_DIRECTORY", _SecretFiles, directory)
        environment = _merged(environment, found)
    return _merged(environment, files), unread


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the values of both; where both have one, that of the first."""
    merged = second | first
    for name, value in first.items():
        other = second.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            merged[name] = _merged(value, other)
    return merged


def env_file_warnings() -> Iterator[str]:
    """Yield a sentence for each name in `.env` that is nearly that of a setting."""
    with suppress(OSError, UnicodeDecodeError):  # `load_settings` names the file
        for name in sorted(_EnvFile(_Sources).unknown):
            if nearly_a_setting(name):
                yield f".env: {not_a_setting(name)}"


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
    lines = example.read_text(encoding="utf-8-sig").splitlines()
    text = "\n".join(
        line.replace(PLACEHOLDER, secrets.token_urlsafe(32)) for line in lines
    )
    target.touch(mode=0o600)
    target.write_text(text + "\n", encoding="utf-8")
    return True
