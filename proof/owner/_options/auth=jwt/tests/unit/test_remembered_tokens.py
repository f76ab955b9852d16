"""A token is verified once; what may change since is checked each time."""

from __future__ import annotations

from uuid import uuid4

import jwt
import pytest

from app.auth import tokens
from app.auth.errors import InvalidTokenError
from app.auth.tokens import issue_access_token, read_access_token
from app.core.settings.auth import AuthSettings
from tests.settings import AUTH

SETTINGS = AuthSettings.model_validate(AUTH)


@pytest.fixture
def token() -> str:
    """Return a token that has been accepted."""
    token = issue_access_token(SETTINGS, uuid4(), uuid4())
    read_access_token(SETTINGS, token)
    return token


@pytest.fixture
def broken_jwt(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no token be verified after that one."""
    assert token

    def decode(*_args: object, **_options: object) -> None:
        raise jwt.InvalidSignatureError

    monkeypatch.setattr(jwt, "decode_complete", decode)


@pytest.mark.usefixtures("broken_jwt")
def test_a_token_is_verified_once(token: str) -> None:
    assert read_access_token(SETTINGS, token) == read_access_token(SETTINGS, token)


@pytest.mark.usefixtures("broken_jwt")
@pytest.mark.parametrize("position", [0, 40, 200, -1])
def test_a_token_that_differs_in_one_character_is_verified(
    token: str, position: int
) -> None:
    characters = list(token)
    characters[position] = "A" if characters[position] != "A" else "B"
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, "".join(characters))


@pytest.mark.parametrize("name", ["secret_key", "issuer", "audience"])
def test_after_a_change_of_settings_no_remembered_token_is_accepted(
    token: str, name: str
) -> None:
    changed = AuthSettings.model_validate(AUTH | {name: "that of another service" * 2})
    with pytest.raises(InvalidTokenError):
        read_access_token(changed, token)


def test_a_shorter_lifetime_holds_for_remembered_tokens(token: str) -> None:
    seconds = SETTINGS.access_token_seconds - 1
    shorter = AuthSettings.model_validate(AUTH | {"access_token_seconds": seconds})
    with pytest.raises(InvalidTokenError):
        read_access_token(shorter, token)


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [(-60, False), (-5, True), (899, True), (901, False)],
)
def test_the_times_of_a_remembered_token_are_checked_each_time(
    token: str, monkeypatch: pytest.MonkeyPatch, seconds: int, *, accepted: bool
) -> None:
    issued_at = read_access_token(SETTINGS, token).iat
    monkeypatch.setattr(tokens, "_now", lambda: issued_at + seconds)
    if accepted:
        read_access_token(SETTINGS, token)
    else:
        with pytest.raises(InvalidTokenError):
            read_access_token(SETTINGS, token)


def test_the_oldest_of_too_many_tokens_is_forgotten(
    token: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = read_access_token(SETTINGS, token)
    payload = claims.model_dump(mode="json")
    answer = {"header": {"typ": "at+jwt"}, "payload": payload}
    monkeypatch.setattr(jwt, "decode_complete", lambda *_args, **_options: answer)
    for number in range(tokens.REMEMBERED_TOKENS):
        read_access_token(SETTINGS, f"{token}{number}")
    request.getfixturevalue("broken_jwt")
    with pytest.raises(InvalidTokenError):
        read_access_token(SETTINGS, token)
