"""Refusals of credentials (RFC 6750 section 3)."""

from __future__ import annotations

from app.about import DISTRIBUTION
from app.core.errors import AppError

_CHALLENGE = f'Bearer realm="{DISTRIBUTION}"'


class NotAuthenticatedError(AppError):
    """Nothing was sent that could say who is calling."""

    status = 401
    code = "not_authenticated"
    default_detail = "Sign in first."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": _CHALLENGE})


class InvalidTokenError(AppError):
    """What was sent does not say who is calling, or does so no longer."""

    status = 401
    code = "invalid_token"
    default_detail = "The token is not valid, or is not valid any more."

    def __init__(self) -> None:
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        super().__init__(headers={"WWW-Authenticate": challenge})


class InvalidCredentialsError(AppError):
    """No account has this e-mail address and password; which of the two is not said."""

    status = 401
    code = "invalid_credentials"
    default_detail = "The e-mail address or the password is wrong."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": _CHALLENGE})


class InsufficientScopeError(AppError):
    """The caller is known, but may not do this."""

    status = 403
    code = "insufficient_scope"
    default_detail = "This needs a scope that you do not have."

    def __init__(self, scope: str) -> None:
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        super().__init__(headers={"WWW-Authenticate": challenge})


class WrongPasswordError(AppError):
    """The current password, asked for once more, is wrong."""

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
