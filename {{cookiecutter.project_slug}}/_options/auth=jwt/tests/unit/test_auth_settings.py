from __future__ import annotations

import pytest

from app.core.settings.auth import AuthSettings
from tests.settings import SECRET_KEY


def auth(**values: object) -> AuthSettings:
    return AuthSettings.model_validate({"secret_key": SECRET_KEY} | values)


def test_the_defaults_are_safe() -> None:
    assert list(auth().unsafe_settings()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "change-me" * 4),
        ("secret_key", "a" * 64),
        ("password_memory_kib", 19_455),
        ("password_time_cost", 1),
    ],
)
def test_what_only_suits_development_is_unsafe(name: str, value: object) -> None:
    (unsafe,) = auth(**{name: value}).unsafe_settings()
    assert unsafe.startswith(f"AUTH__{name.upper()} ")
    assert str(value) not in unsafe
