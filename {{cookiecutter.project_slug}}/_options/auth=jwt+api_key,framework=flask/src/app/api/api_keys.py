"""API keys over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint

from app.api.dependencies import get_client, get_session
from app.api.operations import operation
from app.api.security import SignedIn
from app.auth import Principal
from app.repositories.own_api_keys import SqlOwnApiKeyRepository
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
    """Return the caller's own keys."""
    keys = SqlOwnApiKeyRepository(get_session(), principal.id)
    return ApiKeyService(keys, principal.scopes, get_client().address)


@blueprint.post("")
@operation(HTTPStatus.CREATED)
def create_api_key(data: ApiKeyCreate, principal: SignedIn) -> ApiKeyCreated:
    """Make a key that stands for oneself; it is shown this once."""
    return keys_for(principal).create(data, principal.id)


@blueprint.get("")
@operation()
def list_api_keys(query: PageQuery, principal: SignedIn) -> Page[ApiKeyPublic]:
    """List one's own keys, the newest first."""
    return keys_for(principal).list(query)


@blueprint.delete("/<api_key_id>")
@operation(HTTPStatus.NO_CONTENT)
def revoke_api_key(api_key_id: UUID, principal: SignedIn) -> None:
    """End one of one's own keys at once and for good."""
    keys_for(principal).revoke(api_key_id)


@blueprint.post("/<api_key_id>/rotate")
@operation(HTTPStatus.CREATED)
def rotate_api_key(
    api_key_id: UUID,
    data: ApiKeyRotate,
    principal: SignedIn,
) -> ApiKeyCreated:
    """Make a key that takes the place of one's own; both are good for the overlap."""
    return keys_for(principal).rotate(api_key_id, data)
