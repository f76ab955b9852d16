"""Schemas of login and tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Secret

from app.schemas.base import RequestBody, ResponseBody
from app.schemas.passwords import SECRET_SCHEMA, Password


class Login(RequestBody):
    """An e-mail address and a password."""

    email: Annotated[str, Field(max_length=254)]
    password: Password


class Refresh(RequestBody):
    """The latest refresh token of a session."""

    refresh_token: Secret[
        Annotated[
            str,
            Field(min_length=1, max_length=128, json_schema_extra=SECRET_SCHEMA),
        ]
    ]


class Tokens(ResponseBody):
    """The tokens of a session (RFC 6749 section 5.1); `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a kind of token, not a token
    expires_in: int
