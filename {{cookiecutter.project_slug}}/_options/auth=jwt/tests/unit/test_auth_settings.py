from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.settings.auth import AuthSettings
from tests.settings import SECRET_KEY


def deployed(**values: object) -> AuthSettings:
    return AuthSettings.model_validate(
        {"secret_key": SECRET_KEY} | values, context={"deployed": True}
    )


def test_the_defaults_are_safe() -> None:
    assert deployed().access_token_seconds <= 900


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
    with pytest.raises(ValidationError) as refusal:
        deployed(**{name: value})
    (error,) = refusal.value.errors()
    assert error["loc"] == (name,)
    assert str(value) not in error["msg"]
