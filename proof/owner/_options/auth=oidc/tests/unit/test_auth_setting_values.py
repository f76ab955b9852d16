from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.settings.auth import AuthSettings

VALID = {"issuer": "https://issuer.example/realms/a", "audience": "us"}


def test_the_defaults_are_safe() -> None:
    settings = AuthSettings.model_validate(VALID, context={"deployed": True})
    assert settings.leeway_seconds <= 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", ""),
        ("audience", ""),
        ("issuer", "ftp://issuer.example"),
        ("issuer", "https://issuer.example/?tenant=a"),
        ("issuer", "https://issuer.example/#a"),
        ("issuer", "https://somebody@issuer.example"),
        ("issuer", "https://issuer.example; https://evil.example"),
        ("algorithms", ""),
        ("algorithms", "HS256"),
        ("algorithms", "rs256"),
        ("leeway_seconds", -1),
        ("secret_key", "a name that is no setting"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        AuthSettings.model_validate(VALID | {name: value})
    assert {error["loc"][0] for error in refusal.value.errors()} == {name}
