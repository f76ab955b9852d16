"""Many calls at once, on a database that really commits."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from app.core.database import Database
from app.core.settings import Settings
from app.models.user import User
from app.scopes import ADMIN
from tests.accounts import (
    AUTH_URL,
    ME,
    PASSWORD,
    log_in,
    register,
    signed_in,
    with_token,
)
from tests.client import App, Client, all_at_once, connect, make_app
from tests.settings import make_settings

ADA = "ada@example.org"
SPELLINGS = ("ada@example.org", "Ada@example.org", "ADA@EXAMPLE.ORG")


@pytest.fixture
def app(settings: Settings, committing_database: Database) -> App:
    return make_app(settings, committing_database)


async def test_of_many_registrations_of_one_address_one_wins(
    client: Client,
    committing_database: Database,
) -> None:
    url = f"{AUTH_URL}/register"
    calls = [
        partial(client.post, url, json={"email": email, "password": PASSWORD})
        for email in SPELLINGS * 17
    ]
    responses = await all_at_once(calls)
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] + [409] * 50
    async with committing_database.transaction(readonly=True) as session:
        keys = await session.scalars(select(User.email_key))
        assert keys.all() == [ADA]


async def test_many_logins_at_once_are_no_failures(
    committing_database: Database, migrated_url: str
) -> None:
    client = connect(make_app(make_settings(migrated_url), committing_database))
    await register(client, ADA)
    login = {"email": ADA, "password": PASSWORD}
    call = partial(client.post, f"{AUTH_URL}/login", json=login)
    responses = await all_at_once([call] * 25)
    assert {response.status_code for response in responses} == {200}


async def test_of_many_refreshes_with_one_token_one_wins_and_the_session_ends(
    app: App,
    client: Client,
) -> None:
    await register(client, ADA)
    tokens = await log_in(client, ADA)
    url, body = f"{AUTH_URL}/refresh", {"refresh_token": tokens["refresh_token"]}
    call = partial(client.post, url, json=body)
    responses = await all_at_once([call] * 50)
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [200] + [401] * 49
    (winner,) = [
        response.json() for response in responses if response.status_code == 200
    ]
    for issued in (tokens, winner):
        response = await with_token(app, issued).get(ME)
        assert response.status_code == 401
        body = {"refresh_token": issued["refresh_token"]}
        response = await client.post(url, json=body)
        assert response.status_code == 401


async def test_refreshes_beside_logouts_leave_no_living_token(
    app: App,
    client: Client,
) -> None:
    await register(client, ADA)
    tokens = await log_in(client, ADA)
    body = {"refresh_token": tokens["refresh_token"]}
    calls = [
        partial(client.post, f"{AUTH_URL}/{path}", json=body)
        for path in ("refresh", "logout") * 10
    ]
    responses = await all_at_once(calls)
    refreshed = [response.status_code for response in responses[::2]]
    assert set(refreshed) <= {200, 401}
    assert refreshed.count(200) <= 1
    assert {response.status_code for response in responses[1::2]} == {204}
    issued = [tokens] + [
        response.json() for response in responses if response.status_code == 200
    ]
    for living in issued:
        response = await with_token(app, living).get(ME)
        assert response.status_code == 401
        body = {"refresh_token": living["refresh_token"]}
        response = await client.post(f"{AUTH_URL}/refresh", json=body)
        assert response.status_code == 401


async def test_logins_beside_a_new_password_leave_no_session_of_the_old_one(
    app: App,
    client: Client,
) -> None:
    await register(client, ADA)
    tokens = await log_in(client, ADA)
    login = {"email": ADA, "password": PASSWORD}
    change = {"current_password": PASSWORD, "new_password": "another one for tests"}
    calls = [partial(client.post, f"{AUTH_URL}/login", json=login)] * 10
    ada = with_token(app, tokens)
    calls.insert(5, partial(ada.put, f"{ME}/password", json=change))
    responses = await all_at_once(calls)
    changed = responses.pop(5)
    assert changed.status_code == 204
    assert {response.status_code for response in responses} <= {200, 401}
    for response in responses:
        if response.status_code == 200:
            profile = await with_token(app, response.json()).get(ME)
            assert profile.status_code == 401


async def test_an_account_that_is_deleted_many_times_is_deleted_once(
    app: App,
    client: Client,
) -> None:
    await register(client, ADA)
    tokens = await log_in(client, ADA)
    ada = with_token(app, tokens)
    await ada.post("/api/v1/items", json={"name": "chair"})
    body = {"current_password": PASSWORD}
    call = partial(ada.request, "DELETE", ME, json=body)
    responses = await all_at_once([call] * 10)
    statuses = sorted(response.status_code for response in responses)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {204, 401, 404}
    response = await connect(app).post(
        f"{AUTH_URL}/login",
        json={"email": ADA, "password": PASSWORD},
    )
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("PATCH", {"scopes": []}, 200),
        ("PATCH", {"is_active": False}, 200),
        ("DELETE", {"current_password": PASSWORD}, 204),
    ],
)
async def test_of_many_administrators_that_leave_at_once_one_stays(
    app: App,
    committing_database: Database,
    *,
    method: str,
    body: dict[str, object],
    status: int,
) -> None:
    calls = []
    for number in range(5):
        email = f"{number}@example.org"
        admin = await signed_in(app, committing_database, email, [ADMIN])
        profile = await admin.get(ME)
        url = f"/api/v1/users/{profile.json()['id']}" if method == "PATCH" else ME
        calls.append(partial(admin.request, method, url, json=body))
    responses = await all_at_once(calls)
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [status] * 4 + [409]


async def test_administrators_that_demote_each_other_at_once_do_not_both_leave(
    app: App,
    committing_database: Database,
) -> None:
    admins = [
        await signed_in(app, committing_database, email, [ADMIN])
        for email in ("ada@example.org", "bob@example.org")
    ]
    profiles = [await admin.get(ME) for admin in admins]
    urls = [f"/api/v1/users/{profile.json()['id']}" for profile in profiles]
    calls = [
        partial(admin.patch, url, json={"scopes": []})
        for admin, url in zip(admins, urls[::-1], strict=True)
    ]
    responses = await all_at_once(calls)
    done, refused = sorted(response.status_code for response in responses)
    assert done == 200
    assert refused in {403, 409}


async def test_changes_beside_deletions_are_no_failure_of_ours(
    app: App,
    client: Client,
) -> None:
    await register(client, ADA)
    tokens = await log_in(client, ADA)
    ada = with_token(app, tokens)
    for path, body in (
        ("/api/v1/items", {}),
        (ME, {"current_password": PASSWORD}),
    ):
        made = await ada.post("/api/v1/items", json={"name": "chair"})
        url = made.headers["location"] if path != ME else ME
        change = partial(ada.patch, url, json={"name": "table"})
        delete = partial(ada.request, "DELETE", url, json=body)
        responses = await all_at_once([change, delete] * 10)
        statuses = {response.status_code for response in responses}
        assert statuses <= {200, 204, 401, 404}
        assert 204 in statuses
