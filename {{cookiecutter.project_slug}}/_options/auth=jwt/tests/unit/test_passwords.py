from __future__ import annotations

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from app import NAME
from app.auth.credentials import Passwords
from app.core.settings.auth import AuthSettings
from app.schemas.passwords import checked_password, weakness
from tests.settings import AUTH, SECRET_KEY

EMAIL = "ada.lovelace@example.org"


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(AuthSettings.model_validate(AUTH))


async def test_a_hash_has_the_parameters_that_owasp_recommends() -> None:
    default = Passwords(AuthSettings.model_validate({"secret_key": SECRET_KEY}))
    kept = await default.hash("a password of a user")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    parameters = extract_parameters(kept)
    assert parameters.type is Type.ID
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)


async def test_only_the_password_that_was_hashed_matches(passwords: Passwords) -> None:
    kept = await passwords.hash("a password of a user")
    assert await passwords.verify(kept, "a password of a user")
    for other in ("", "a password of a User", "a password of a user "):
        assert not await passwords.verify(kept, other)


async def test_passwords_differ_also_after_their_first_72_bytes(
    passwords: Passwords,
) -> None:
    kept = await passwords.hash("x" * 72 + "a")
    assert not await passwords.verify(kept, "x" * 72 + "b")


async def test_a_password_can_be_typed_on_any_keyboard(passwords: Passwords) -> None:
    kept = await passwords.hash("caf\u00e9 au lait noir")
    assert await passwords.verify(kept, "cafe\u0301 au lait noir")


@pytest.mark.parametrize(
    "password",
    [
        "worldofwarcraft",
        "WorldOfWarcraft",
        "aaaaaaaaaaaaaaa",
        "123456789012345",
        "qwertyuiopasdfg",
        "112233445566778",
        "abcabcabcabcabc",
        "summer2024summer2024",
        "password1234567",
        "letmein-letmein",
        "qazwsxedcrfvtgb",
        "1q2w3e4r5t6y7u8",
        "acegikmoqsuwyac",
        "Administrator123",
        "Password-2024!!!",
        EMAIL,
        EMAIL.upper(),
        "ada.lovelace1815",
        f"{NAME} {NAME} 12",
    ],
)
def test_a_password_that_is_easy_to_guess_is_weak(password: str) -> None:
    assert weakness(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "a password of a user",
        "jtxvbqwkzmhrcpd",
        "kitchen-window-tuesday",
        "пароль из многих букв",
    ],
)
def test_any_other_password_is_not_weak(password: str) -> None:
    assert weakness(password, EMAIL) is None


@pytest.mark.parametrize(
    "password", ["a" * 15, "a" * 128, " spaces at the ends ", "пароль из многих букв"]
)
def test_any_text_of_fitting_length_can_be_a_password(password: str) -> None:
    assert checked_password(password) == password


@pytest.mark.parametrize("password", ["", "a" * 14, "a" * 129])
def test_a_password_has_15_to_128_characters(password: str) -> None:
    with pytest.raises(ValueError, match="Password: ") as refusal:
        checked_password(password)
    assert not password or password not in str(refusal.value)
