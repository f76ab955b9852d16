"""The caller over HTTP."""

from __future__ import annotations

from flask import Blueprint

from app.api.operations import operation
from app.api.security import Caller
from app.schemas.me import Me

blueprint = Blueprint("me", __name__, url_prefix="/me")


@blueprint.get("")
@operation()
def get_me(caller: Caller) -> Me:
    """Return the caller's identity and scopes."""
    return Me.model_validate(caller)
