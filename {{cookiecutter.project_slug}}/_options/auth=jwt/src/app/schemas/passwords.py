"""The rules of passwords (NIST SP 800-63B-4): how long, and not easy to guess."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import Field, Secret, TypeAdapter, ValidationError
from pydantic.config import JsonDict

from app import DISTRIBUTION, NAME
from app.core.errors import AppError

# Section 3.1.1.2, for a password that is the only factor.
_MIN_PASSWORD = 15
_MAX_PASSWORD = 128

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
        message = f"Password: {error.errors(include_input=False)[0]['msg']}"
        raise ValueError(message) from None


def weakness(password: str, email: str) -> str | None:
    """Return why a password is too easy to guess, or None if it is not."""
    folded = normalised(password).casefold()
    if folded in _common_passwords():
        return "is too common"
    if folded in {email.casefold(), DISTRIBUTION.casefold(), NAME.casefold()}:
        return "must not be the e-mail address or the name of the service"
    return None


def normalised(password: str) -> str:
    """Return the form that is compared and hashed (section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _common_passwords() -> frozenset[str]:
    text = resources.files("app.schemas").joinpath("common_passwords.txt")
    return frozenset(text.read_text(encoding="utf-8").splitlines())
