"""API keys over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint

from app.api.operations import operation
from app.api.security import Admin
from app.api.wiring.api_keys import api_keys_of
from app.core.ids import uuid7
from app.schemas.api_keys import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyPublic,
    ApiKeyRotate,
)
from app.schemas.base import Page, PageQuery

blueprint = Blueprint("api_keys", __name__, url_prefix="/api-keys")


@blueprint.post("")
@operation(HTTPStatus.CREATED)
def create_api_key(data: ApiKeyCreate, caller: Admin) -> ApiKeyCreated:
    """Create a key for a new caller. The key itself is returned only once."""
    return api_keys_of(caller).create(data, uuid7())


@blueprint.get("")
@operation()
def list_api_keys(query: PageQuery, caller: Admin) -> Page[ApiKeyPublic]:
    """List keys, newest first."""
    return api_keys_of(caller).list(query)


@blueprint.delete("/<api_key_id>")
@operation(HTTPStatus.NO_CONTENT)
def revoke_api_key(api_key_id: UUID, caller: Admin) -> None:
    """Revoke a key, with immediate effect."""
    api_keys_of(caller).revoke(api_key_id)


@blueprint.post("/<api_key_id>/rotate")
@operation(HTTPStatus.CREATED, refusals=(409,))
def rotate_api_key(
    api_key_id: UUID,
    data: ApiKeyRotate,
    caller: Admin,
) -> ApiKeyCreated:
    """Create a key that replaces another. Both are valid until the overlap ends."""
    return api_keys_of(caller).rotate(api_key_id, data)
