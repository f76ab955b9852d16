"""What an account owns, once the account is deleted, disabled or demoted."""

from __future__ import annotations

from sqlalchemy import func, select

from app.core.database import Database
from app.models.item import Item
from app.scopes import ADMIN
from tests.accounts import ME, PASSWORD, add_user, log_in, signed_in, with_token
from tests.client import App, Client

ITEMS = "/api/v1/items"
ALICE = "alice@example.org"


async def url_of(client: Client) -> str:
    response = await client.get(ME)
    return f"/api/v1/users/{response.json()['id']}"


async def test_a_deleted_account_takes_its_own_items_along(
    alice: Client, bob: Client, database: Database
) -> None:
    for person in (alice, bob):
        await person.post(ITEMS, json={"name": "chair"})
    await alice.request("DELETE", ME, json={"current_password": PASSWORD})
    async with database.transaction(readonly=True) as session:
        assert await session.scalar(select(func.count()).select_from(Item)) == 1
    listed = await bob.get(ITEMS)
    assert listed.json()["total"] == 1


async def test_a_new_account_with_the_address_of_a_deleted_one_inherits_nothing(
    app: App, alice: Client, database: Database
) -> None:
    await alice.post(ITEMS, json={"name": "chair"})
    await alice.request("DELETE", ME, json={"current_password": PASSWORD})
    newcomer = await signed_in(app, database, ALICE)
    listed = await newcomer.get(ITEMS)
    assert listed.json()["total"] == 0


async def test_a_disabled_account_keeps_what_it_has_until_it_is_enabled_again(
    app: App, admin: Client, alice: Client, client: Client
) -> None:
    await alice.post(ITEMS, json={"name": "chair"})
    url = await url_of(alice)
    await admin.patch(url, json={"is_active": False})
    former = await alice.get(ITEMS)
    assert former.status_code == 401
    await admin.patch(url, json={"is_active": True})
    tokens = await log_in(client, ALICE)
    listed = await with_token(app, tokens).get(ITEMS)
    assert listed.json()["total"] == 1


async def test_a_demotion_takes_one_scope_at_a_time(
    admin: Client,
    alice: Client,
) -> None:
    url = await url_of(alice)
    await admin.patch(url, json={"scopes": ["items:read"]})
    read = await alice.get(ITEMS)
    assert read.status_code == 200
    written = await alice.post(ITEMS, json={"name": "table"})
    assert written.status_code == 403
    challenge = written.headers["www-authenticate"]
    assert 'error="insufficient_scope", scope="items:write"' in challenge
    await admin.patch(url, json={"scopes": []})
    read = await alice.get(ITEMS)
    assert read.status_code == 403


async def test_a_demoted_administrator_is_none_at_once(
    admin: Client, database: Database
) -> None:
    await add_user(database, "other@example.org", [ADMIN])
    await admin.patch(await url_of(admin), json={"scopes": ["items:read"]})
    response = await admin.get("/api/v1/users")
    assert response.status_code == 403
