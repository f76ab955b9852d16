from __future__ import annotations

from app.auth.identity import principal_id
from app.core.database import Database
from tests.client import App, Client, connect, make_app
from tests.issuer import ISSUER, USUAL_SCOPES, Issuer
from tests.operations import scopes_of
from tests.principals import ME, bearer
from tests.settings import AUTH, make_settings

ITEMS = "/api/v1/items"


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
    claims = {"scope": "openid email admin:all", "scp": ["items:read"]}
    response = await connect(app, **bearer(ISSUER.token(claims=claims))).get(ME)
    assert response.json()["scopes"] == ["items:read"]


async def test_roles_are_scopes_when_a_setting_says_where_they_are(
    database: Database, migrated_url: str
) -> None:
    roles = {"realm_access": {"roles": ["items:read", "offline_access"]}, "scope": ""}
    headers = bearer(ISSUER.token(claims=roles))
    for claim, status in (("realm_access.roles", 200), ("roles", 403)):
        settings = make_settings(migrated_url, auth=AUTH | {"roles_claim": claim})
        client = connect(make_app(settings, database), **headers)
        response = await client.get(ITEMS)
        assert response.status_code == status


async def test_an_email_address_gives_nobody_the_items_of_another(
    app: App, alice: Client
) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    claims = {"sub": "mallory", "email": "alice", "preferred_username": "alice"}
    mallory = connect(app, **bearer(ISSUER.token(claims=claims)))
    response = await mallory.get(made.headers["location"])
    assert response.status_code == 404


async def test_the_same_subject_of_another_provider_is_somebody_else(
    database: Database, migrated_url: str, alice: Client, issuer: Issuer
) -> None:
    made = await alice.post(ITEMS, json={"name": "chair"})
    settings = make_settings(migrated_url, auth=AUTH | {"issuer": issuer.url})
    app = make_app(settings, database)
    namesake = connect(app, **bearer(issuer.token(claims={"sub": "alice"})))
    response = await namesake.get(made.headers["location"])
    assert response.status_code == 404


async def test_a_new_token_finds_what_an_older_one_made(app: App) -> None:
    claims = {"sub": "carol"}
    made = await connect(app, **bearer(ISSUER.token(claims=claims))).post(
        ITEMS, json={"name": "chair"}
    )
    later = connect(app, **bearer(ISSUER.token(claims=claims, key=ISSUER.keys[1])))
    response = await later.get(made.headers["location"])
    assert response.json() == made.json()
