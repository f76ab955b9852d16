"""API keys over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint

from app.api.dependencies import get_client, get_session
from app.api.operations import operation
from app.api.security import Admin
from app.auth import Principal
from app.core.ids import uuid7
from app.repositories.api_keys import SqlApiKeyRepository
from app.schemas.api_keys import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyPublic,
    ApiKeyRotate,
)
from app.schemas.pages import Page, PageQuery
from app.services.api_keys import ApiKeyService

blueprint = Blueprint("api_keys", __name__, url_prefix="/api-keys")


def keys_for(principal: Principal) -> ApiKeyService:
    """Return all keys, for an administrator."""
    keys = SqlApiKeyRepository(get_session())
    return ApiKeyService(keys, principal.scopes, get_client().address)


@blueprint.post("")
@operation(HTTPStatus.CREATED)
def create_api_key(data: ApiKeyCreate, principal: Admin) -> ApiKeyCreated:
    """Make a key, which is shown this once; it stands for a caller of its own."""
    return keys_for(principal).create(data, uuid7())


@blueprint.get("")
@operation()
def list_api_keys(query: PageQuery, principal: Admin) -> Page[ApiKeyPublic]:
    """List keys, the newest first."""
    return keys_for(principal).list(query)


@blueprint.delete("/<api_key_id>")
@operation(HTTPStatus.NO_CONTENT)
def revoke_api_key(api_key_id: UUID, principal: Admin) -> None:
    """End a key at once and for good."""
    keys_for(principal).revoke(api_key_id)


@blueprint.post("/<api_key_id>/rotate")
@operation(HTTPStatus.CREATED)
def rotate_api_key(
    api_key_id: UUID,
    data: ApiKeyRotate,
    principal: Admin,
) -> ApiKeyCreated:
    """Make a key that takes the place of another; both are good for the overlap."""
    return keys_for(principal).rotate(api_key_id, data)
