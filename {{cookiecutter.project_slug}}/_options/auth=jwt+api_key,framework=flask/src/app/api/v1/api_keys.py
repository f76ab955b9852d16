"""API keys over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint

from app.api.operations import operation
from app.api.security import AccountOwner, SignedIn
from app.api.wiring.accounts import get_accounts
from app.api.wiring.api_keys import api_keys_of
from app.schemas.api_keys import ApiKeyCreated, ApiKeyPublic
from app.schemas.base import Page, PageQuery
from app.schemas.own_api_keys import OwnApiKeyCreate, OwnApiKeyRotate
from app.services.key_confirmation import confirm

blueprint = Blueprint("api_keys", __name__, url_prefix="/api-keys")


@blueprint.post("")
@operation(HTTPStatus.CREATED)
def create_api_key(data: OwnApiKeyCreate, caller: AccountOwner) -> ApiKeyCreated:
    """Create a key for your account. The key itself is returned only once."""
    confirm(caller, data.current_password, get_accounts())
    return api_keys_of(caller).create(data, caller.id)


@blueprint.get("")
@operation()
def list_api_keys(query: PageQuery, caller: SignedIn) -> Page[ApiKeyPublic]:
    """List your own keys, newest first."""
    return api_keys_of(caller).list(query)


@blueprint.delete("/<api_key_id>")
@operation(HTTPStatus.NO_CONTENT)
def revoke_api_key(api_key_id: UUID, caller: SignedIn) -> None:
    """Revoke one of your own keys, with immediate effect."""
    api_keys_of(caller).revoke(api_key_id)


@blueprint.post("/<api_key_id>/rotate")
@operation(HTTPStatus.CREATED, refusals=(409,))
def rotate_api_key(
    api_key_id: UUID,
    data: OwnApiKeyRotate,
    caller: AccountOwner,
) -> ApiKeyCreated:
    """Create a key that replaces yours. Both are valid until the overlap ends."""
    confirm(caller, data.current_password, get_accounts())
    return api_keys_of(caller).rotate(api_key_id, data)
