"""The rules of passwords (NIST SP 800-63B-4): how long, and not easy to guess."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources
from threading import Lock
from typing import Annotated

from pydantic import Field, Secret, TypeAdapter, ValidationError
from pydantic.config import JsonDict

from app import DISTRIBUTION, NAME
from app.errors import AppError

# Section 3.1.1.2, for a password that is the only factor.
_MIN_PASSWORD = 15
_MAX_PASSWORD = 128

# A hundred times what zxcvbn calls very hard to guess.
_MIN_GUESSES = 10**12
# The time of an estimate grows with the square of the length; these are enough.
_ESTIMATED = 32
_lock = Lock()

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
    known = [email, NAME, DISTRIBUTION, *re.findall(r"\w+", f"{email} {NAME}")]
    without_doubles = re.sub(r"(.)\1+", r"\1", folded)
    if min(_guesses(text, known) for text in (folded, without_doubles)) < _MIN_GUESSES:
        return "is too easy to guess: use several words that do not belong together"
    return None


def normalised(password: str) -> str:
    """Return the form that is compared and hashed (section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _guesses(text: str, known: list[str]) -> int:
    """Return how many guesses it takes to find a text, given words that are known.

    Guesses are words, names, dates, and what follows from the keyboard or from itself.
    """
    from zxcvbn import zxcvbn  # noqa: PLC0415  # 13 MiB, for new passwords only

    with _lock:  # zxcvbn keeps what is known in a global variable
        return int(zxcvbn(text[:_ESTIMATED], known)["guesses"])


@cache
def _common_passwords() -> frozenset[str]:
    """Return those of 15 or more characters among the 100,000 most common.

    Source: the list that the National Cyber Security Centre (UK) made of the breaches
    in Have I Been Pwned; and the passphrase of xkcd 936.
    """
    text = resources.files("app.schemas").joinpath("common_passwords.txt")
    return frozenset(text.read_text(encoding="utf-8").splitlines())
