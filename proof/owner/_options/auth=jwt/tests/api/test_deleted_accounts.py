"""An account that is deleted while it writes gets 401, not 500."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from app.models.user import User
from tests.accounts import signed_in
from tests.client import Client, make_app
from tests.settings import make_settings

if TYPE_CHECKING:
    from app.core.database import Database

ITEMS = "/api/v1/items"


async def deleted(database: Database, url: str) -> Client:
    """Return a client whose account is gone, while its session is still remembered."""
    auth = {**make_settings().auth.model_dump(), "revocation_cache_seconds": 30}
    settings = make_settings(url, auth=auth, rate_limit={"enabled": False})
    client = await signed_in(make_app(settings, database), database, "a@example.org")
    response = await client.get(ITEMS)
    assert response.status_code == 200
    async with database.transaction() as session:
        await session.execute(delete(User).where(User.email == "a@example.org"))
    return client


async def test_an_item_of_a_deleted_account_is_refused(
    database: Database, migrated_url: str
) -> None:
    client = await deleted(database, migrated_url)
    response = await client.post(ITEMS, json={"name": "chair"})
    assert response.status_code == 401
    assert response.json()["code"] == "account_deleted"
    assert response.headers["www-authenticate"].startswith("Bearer ")
