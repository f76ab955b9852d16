"""Hashing takes long: meanwhile, a request keeps nothing that others need."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.auth.hashing_queue import HashingQueue
from app.core.database import Database
from app.errors import UnavailableError
from tests.accounts import AUTH_URL, ME, PASSWORD, add_user, log_in, signed_in
from tests.client import App, connect, make_app
from tests.settings import AUTH, make_settings

ADA = "ada@example.org"
NEW = {"email": "new@example.org", "password": PASSWORD}
CHANGE = {"current_password": PASSWORD, "new_password": "another password for tests"}

type Request = tuple[str, str, dict[str, str]]

REQUESTS: list[Request] = [
    ("POST", f"{AUTH_URL}/register", NEW),
    ("POST", f"{AUTH_URL}/login", {"email": ADA, "password": PASSWORD}),
    ("PATCH", ME, {"email": NEW["email"], "current_password": PASSWORD}),
    ("PUT", f"{ME}/password", CHANGE),
    ("DELETE", ME, {"current_password": PASSWORD}),
]

run = HashingQueue.run


async def refuse(*_: object) -> None:
    raise UnavailableError


@pytest.mark.usefixtures("committing_database")
@pytest.mark.parametrize("request_", REQUESTS)
async def test_no_connection_is_kept_while_a_password_is_hashed(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch, request_: Request
) -> None:
    one = {"url": migrated_url, "pool_size": 1, "pool_timeout": 0.5}
    settings = make_settings(migrated_url, database=one)
    database = Database(settings.database)
    caller = await signed_in(make_app(settings, database), database, ADA)
    hashed = []

    async def use_the_connection(queue: HashingQueue, *call: Any) -> object:  # noqa: ANN401
        async with database.transaction() as session:
            hashed.append(await session.scalar(text("SELECT 1")))
        return await run(queue, *call)

    monkeypatch.setattr(HashingQueue, "run", use_the_connection)
    method, path, body = request_
    response = await caller.request(method, path, json=body)
    await database.dispose()
    assert response.status_code < 300, response.text
    assert hashed


@pytest.mark.parametrize("request_", REQUESTS)
async def test_a_full_queue_is_503_and_changes_nothing(
    app: App, database: Database, monkeypatch: pytest.MonkeyPatch, request_: Request
) -> None:
    caller = await signed_in(app, database, ADA)
    before = await caller.get(ME)
    with monkeypatch.context() as busy:
        busy.setattr(HashingQueue, "run", refuse)
        method, path, body = request_
        response = await caller.request(method, path, json=body)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "2"
    after = await caller.get(ME)
    assert after.json() == before.json()
    await log_in(connect(app), ADA)


async def test_a_login_succeeds_even_if_its_hash_cannot_be_renewed(
    database: Database, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_user(database, ADA)
    auth = AUTH | {"password_time_cost": 2}
    stronger = make_app(make_settings(migrated_url, auth=auth), database)

    async def fill_up(queue: HashingQueue, *call: Any) -> object:  # noqa: ANN401
        monkeypatch.setattr(HashingQueue, "run", refuse)
        return await run(queue, *call)

    monkeypatch.setattr(HashingQueue, "run", fill_up)
    await log_in(connect(stronger), ADA)
