"""Hashes of passwords, and passwords of all kinds."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher, extract_parameters
from pydantic import ValidationError

from app import DISTRIBUTION, NAME
from app.auth.credentials import Passwords
from app.core.settings.auth import AuthSettings
from app.schemas.passwords import checked_password, weakness
from app.schemas.users import UserRegister
from tests.settings import AUTH

if TYPE_CHECKING:
    from argon2 import Parameters

EMAIL = "ada.lovelace@example.org"

COMMON = (
    resources.files("app.schemas")
    .joinpath("common_passwords.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)


def passwords(**changes: object) -> Passwords:
    return Passwords(AuthSettings.model_validate(AUTH | changes))


async def test_equal_passwords_have_different_hashes() -> None:
    first = await passwords().hash("a password of a user")
    second = await passwords().hash("a password of a user")
    assert first != second


async def test_a_long_password_is_not_cut_short() -> None:
    kept = await passwords().hash("x" * 72 + "a")
    assert not await passwords().verify(kept, "x" * 72)


@pytest.mark.parametrize(
    ("typed", "typed_elsewhere"),
    [
        ("\ufb01ne words for all", "fine words for all"),
        ("\uff50\uff41\uff53\uff53word of ada", "password of ada"),
    ],
)
async def test_every_way_to_type_a_password_matches(
    typed: str,
    typed_elsewhere: str,
) -> None:
    kept = await passwords().hash(typed)
    assert await passwords().verify(kept, typed_elsewhere)


@pytest.mark.parametrize("kept", ["nonsense", "$argon2id$v=19$m=8,t=1,p=1$"])
async def test_what_is_no_hash_matches_nothing(kept: str) -> None:
    assert not await passwords().verify(kept, "a password of a user")


async def test_nobodys_password_takes_as_much_work_as_somebodys_and_never_matches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work: list[Parameters] = []
    verify = PasswordHasher.verify

    def noting(hasher: PasswordHasher, kept: str, password: str) -> bool:
        work.append(extract_parameters(kept))
        return verify(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", noting)
    kept = await passwords().hash("a password of a user")
    assert not await passwords().verify(kept, "a password of another")
    assert not await passwords().verify(None, "a password of another")
    somebodys, nobodys = work
    assert nobodys == somebodys


async def test_nobody_is_known_even_when_the_password_matches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: True)
    assert not await passwords().verify(None, "a password of a user")


@pytest.mark.parametrize("name", ["password_memory_kib", "password_time_cost"])
async def test_a_hash_is_outdated_once_the_parameters_change(name: str) -> None:
    kept = await passwords().hash("a password of a user")
    assert not passwords().needs_rehash(kept)
    changed = passwords(**{name: 16})
    assert changed.needs_rehash(kept)
    assert await changed.verify(kept, "a password of a user")


@pytest.mark.parametrize("password", COMMON)
def test_a_common_password_is_weak(password: str) -> None:
    assert weakness(password, EMAIL)
    assert weakness(password.upper(), EMAIL)
    # One that is too short is refused already, and does not belong in the list.
    assert len(password) >= 15


@pytest.mark.parametrize("password", [NAME.upper(), DISTRIBUTION, f"\uff41{EMAIL[1:]}"])
def test_other_spellings_of_what_is_weak_are_weak(password: str) -> None:
    assert weakness(password, EMAIL)


@pytest.mark.parametrize(
    "password", ["only letters here", "🔑" * 15, "tab\tand\x00NUL and more"]
)
def test_any_text_of_fitting_length_can_be_a_password(password: str) -> None:
    assert checked_password(password) == password


@pytest.mark.parametrize("password", ["", "a" * 14, "é" * 14, "a" * 129, "\ud800" * 15])
def test_a_password_that_is_refused_is_not_repeated(password: str) -> None:
    with pytest.raises(ValueError, match="Password: ") as refusal:
        checked_password(password)
    assert not password or password not in str(refusal.value)
    with pytest.raises(ValidationError) as invalid:
        UserRegister.model_validate({"email": EMAIL, "password": password})
    assert not password or password not in str(invalid.value)
