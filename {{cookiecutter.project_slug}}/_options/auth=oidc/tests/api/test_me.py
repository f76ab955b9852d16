from __future__ import annotations

import pytest

from app.auth.identity import principal_id
from app.core.database import Database
from tests.client import App, Client, make_app
from tests.issuer import ISSUER, USUAL_SCOPES
from tests.operations import scopes_of
from tests.principals import ME, signed_in
from tests.settings import AUTH, make_settings


async def test_callers_learn_who_they_are_here(alice: Client) -> None:
    response = await alice.get(ME)
    assert response.status_code == 200
    assert response.json() == {
        "id": str(principal_id(ISSUER.url, "alice")),
        "issuer": ISSUER.url,
        "subject": "alice",
        "scopes": USUAL_SCOPES,
    }


async def test_every_caller_may_ask_who_they_are(client: Client) -> None:
    assert await scopes_of(client, ME) == {("get", ME): []}


async def test_scopes_that_are_not_ours_do_not_show(app: App) -> None:
    caller = signed_in(app, scope="openid email admin:all", scp=["admin"])
    response = await caller.get(ME)
    assert response.json()["scopes"] == ["admin"]


@pytest.mark.parametrize(
    ("roles_claim", "scopes"), [("realm_access.roles", ["admin"]), ("", [])]
)
async def test_roles_are_scopes_when_a_setting_says_where_they_are(
    database: Database, migrated_url: str, roles_claim: str, scopes: list[str]
) -> None:
    settings = make_settings(migrated_url, auth=AUTH | {"roles_claim": roles_claim})
    roles = {"roles": ["admin", "offline_access"]}
    caller = signed_in(make_app(settings, database), scope="", realm_access=roles)
    response = await caller.get(ME)
    assert response.json()["scopes"] == scopes
