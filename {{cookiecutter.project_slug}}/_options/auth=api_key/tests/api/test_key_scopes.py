"""Who may manage keys."""

from __future__ import annotations

from app.scopes.base import ADMIN
from tests.client import Client
from tests.operations import scopes_of


async def test_only_administrators_manage_keys(client: Client) -> None:
    assert await scopes_of(client, "/api/v1/api-keys") == {
        ("post", "/api/v1/api-keys"): [ADMIN],
        ("get", "/api/v1/api-keys"): [ADMIN],
        ("delete", "/api/v1/api-keys/{api_key_id}"): [ADMIN],
        ("post", "/api/v1/api-keys/{api_key_id}/rotate"): [ADMIN],
    }
