"""The rules of passwords (NIST SP 800-63B-4): how long, and not easy to guess."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import Field, Secret, TypeAdapter, ValidationError
from pydantic.config import JsonDict

from app import DISTRIBUTION, NAME
from app.errors import AppError

# Section 3.1.1.2, for a password that is the only factor.
_MIN_PASSWORD = 15
_MAX_PASSWORD = 128

# How many characters or parts of a password must not follow from those before.
_MIN_PARTS = 10
_MIN_PART = 3
_KEYBOARD_ROWS = "1234567890 qwertyuiop asdfghjkl zxcvbnm qwertzuiop azertyuiop"

SECRET_SCHEMA: JsonDict = {"format": "password", "writeOnly": True}

# Unlike SecretStr, these are validated as text: encodable, with messages for text.
NewPassword = Secret[
    Annotated[
        str,
        Field(
            min_length=_MIN_PASSWORD,
            max_length=_MAX_PASSWORD,
            json_schema_extra=SECRET_SCHEMA,
        ),
    ]
]
Password = Secret[
    Annotated[str, Field(max_length=_MAX_PASSWORD, json_schema_extra=SECRET_SCHEMA)]
]

_new_password = TypeAdapter[Secret[str]](NewPassword)


class WeakPasswordError(AppError):
    """The new password is too easy to guess (section 3.1.1.2)."""

    status = 422
    code = "unprocessable_content"

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(f"The password {reason}.")
        self.errors = [{"loc": ["body", field], "msg": reason, "type": "weak_password"}]


def checked_password(value: str) -> str:
    """Return a new password if its length is valid.

    Raises:
        ValueError: it is not; the message does not repeat the password.
    """
    try:
        return _new_password.validate_python(value).get_secret_value()
    except ValidationError as error:
        raise ValueError(
            f"Password: {error.errors(include_input=False)[0]['msg']}"
        ) from None


def weakness(password: str, email: str) -> str | None:
    """Return why a password is too easy to guess, or None if it is not."""
    folded = normalised(password).casefold()
    if folded in _common_passwords():
        return "is too common"
    if folded in (folded + folded)[1:-1]:
        return "is too easy to guess: it is a repetition"
    known = f"{email} {NAME} {DISTRIBUTION} ".casefold()
    if _count_parts(folded, known) < _MIN_PARTS:
        return (
            "is too easy to guess: a sequence, a repetition, the e-mail address "
            "and the name of the service count as one character each"
        )
    return None


def normalised(password: str) -> str:
    """Return the form that is compared and hashed (section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _count_parts(text: str, known: str) -> int:
    """Count characters; what follows from those before, or is known, is one part."""
    parts = position = 0
    while position < len(text):
        sequence = max(_sequence(text, position, step) for step in (1, -1))
        part = max(sequence, _repetition(text, position, known))
        position += part if part >= _MIN_PART else 1
        parts += 1
    return parts


def _sequence(text: str, start: int, step: int) -> int:
    """Return the length of what goes on like 12345, ccbbaa or qwerty."""
    end = start + 1
    while end < len(text):
        in_row = text[end - 1 : end + 1][::step] in _KEYBOARD_ROWS
        if not in_row and ord(text[end]) - ord(text[end - 1]) not in {0, step}:
            break
        end += 1
    return end - start


def _repetition(text: str, start: int, known: str) -> int:
    """Return the length of what is known or has occurred before."""
    end = start
    while end < len(text) and text[start : end + 1] in known + text[:end]:
        end += 1
    return end - start


@cache
def _common_passwords() -> frozenset[str]:
    """Return those of 15 or more characters among the 100,000 most common.

    Source: the list that the National Cyber Security Centre (UK) made of the breaches
    in Have I Been Pwned; and the passphrase of xkcd 936.
    """
    text = resources.files("app.schemas").joinpath("common_passwords.txt")
    return frozenset(text.read_text(encoding="utf-8").splitlines())
