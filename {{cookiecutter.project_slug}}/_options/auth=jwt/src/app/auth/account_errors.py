"""Password errors."""

from __future__ import annotations

from app.auth.errors import challenge
from app.core.errors import AppError


class InvalidCredentialsError(AppError):
    """The e-mail address or the password is wrong; the response does not say which."""

    status = 401
    code = "invalid_credentials"
    default_detail = "The e-mail address or the password is wrong."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": challenge("Bearer")})


class WrongPasswordError(AppError):
    """The current password, required to confirm a change, is wrong."""

    status = 403
    code = "wrong_password"
    default_detail = "The current password is wrong."


class WeakPasswordError(AppError):
    """The new password is too easy to guess (NIST SP 800-63B-4 section 3.1.1.2)."""

    status = 422
    code = "unprocessable_content"

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(f"The password {reason}.")
        self.errors = [{"loc": ["body", field], "msg": reason, "type": "weak_password"}]
