"""Secrets stay secret, and what happens to accounts is on record."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import select

from app.auth.tokens import refresh_token_hash
from app.core.database import Database
from app.models.user import User
from app.scopes import ADMIN
from tests.accounts import AUTH_URL, ME, PASSWORD, add_user, change_user, with_token
from tests.client import App, Client
from tests.logs import logged

ADA = "ada@example.org"
NEW_PASSWORD = "another password for tests"
WRONG_PASSWORD = "a wrong password for tests"

type Change = tuple[str, str, dict[str, Any]]


class Recorder:
    """Calls the service, and keeps what it says in answers and logs."""

    def __init__(self, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
        self._client = client
        self._capsys = capsys
        self.answers: list[Response] = []
        self.events: list[dict[str, Any]] = []
        capsys.readouterr()

    async def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        client: Client | None = None,
    ) -> Any:  # noqa: ANN401
        caller = client or self._client
        response = await caller.request(method, path, json=body)
        self.answers.append(response)
        self.events += logged(self._capsys)
        return response.json() if response.content else None

    def audited(self) -> list[str]:
        return [event["event"] for event in self.events if event["event"] != "request"]


@pytest.fixture
def recorder(client: Client, capsys: pytest.CaptureFixture[str]) -> Recorder:
    return Recorder(client, capsys)


async def password_hash(database: Database) -> str:
    async with database.transaction(readonly=True) as session:
        found: str | None = await session.scalar(select(User.password_hash))
    assert found is not None
    return found


async def test_no_secret_leaves_through_answers_or_logs(
    app: App,
    database: Database,
    recorder: Recorder,
) -> None:
    call = recorder.call
    login = {"email": ADA, "password": PASSWORD}
    await call("POST", f"{AUTH_URL}/register", login)
    await call("POST", f"{AUTH_URL}/register", login)
    await call("POST", f"{AUTH_URL}/register", {"password": PASSWORD})
    await call("POST", f"{AUTH_URL}/login", login | {"password": WRONG_PASSWORD})
    await call("POST", f"{AUTH_URL}/login", login | {"otp": WRONG_PASSWORD})
    hashes = [await password_hash(database)]
    first = await call("POST", f"{AUTH_URL}/login", login)
    token = {"refresh_token": first["refresh_token"]}
    second = await call("POST", f"{AUTH_URL}/refresh", token)
    issuers = recorder.answers[-2:]
    await change_user(database, ADA, scopes=["admin"])
    ada = with_token(app, second)
    await call("GET", ME, client=ada)
    await call("GET", "/api/v1/users", client=ada)
    await call("GET", f"{ME}?access_token={second['access_token']}")
    await call("PATCH", ME, {"current_password": WRONG_PASSWORD}, client=ada)
    change = {"current_password": WRONG_PASSWORD, "new_password": NEW_PASSWORD}
    await call("PUT", f"{ME}/password", change, client=ada)
    await call("PUT", f"{ME}/password", change | {"new_password": ADA}, client=ada)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await call("PUT", f"{ME}/password", change, client=ada)
    await call("GET", ME, client=ada)
    await call("POST", f"{AUTH_URL}/refresh", token)
    await call("POST", f"{AUTH_URL}/logout", token)
    hashes.append(await password_hash(database))
    login = {"email": ADA, "password": NEW_PASSWORD}
    third = await call("POST", f"{AUTH_URL}/login", login)
    issuers.append(recorder.answers[-1])
    ada = with_token(app, third)
    await call("DELETE", ME, {"current_password": WRONG_PASSWORD}, client=ada)
    await call("DELETE", ME, {"current_password": NEW_PASSWORD}, client=ada)

    statuses = {response.status_code for response in recorder.answers}
    assert statuses == {200, 201, 204, 401, 403, 409, 422}
    tokens = [
        tokens[name]
        for tokens in (first, second, third)
        for name in ("access_token", "refresh_token")
    ]
    token_hashes = [refresh_token_hash(token) for token in tokens]
    passwords = [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD]
    secrets = [*passwords, *hashes, *tokens, *token_hashes]
    for response in recorder.answers:
        told = f"{response.headers} {response.text}"
        shown = tokens if response in issuers else []
        assert [secret for secret in secrets if secret in told] == [
            secret for secret in shown if secret in told
        ]
        for name in ("password", "hashed_password", "password_hash", "token_hash"):
            assert f'"{name}":' not in told
    record = str(recorder.events)
    assert [secret for secret in secrets if secret in record] == []


async def test_what_happens_to_an_account_is_on_record(
    app: App,
    database: Database,
    recorder: Recorder,
) -> None:
    call = recorder.call
    login = {"email": ADA, "password": PASSWORD}
    user = await call("POST", f"{AUTH_URL}/register", login)
    await call("POST", f"{AUTH_URL}/login", login | {"password": WRONG_PASSWORD})
    tokens = await call("POST", f"{AUTH_URL}/login", login)
    token = {"refresh_token": tokens["refresh_token"]}
    await call("POST", f"{AUTH_URL}/refresh", token)
    await call("POST", f"{AUTH_URL}/refresh", token)
    tokens = await call("POST", f"{AUTH_URL}/login", login)
    token = {"refresh_token": tokens["refresh_token"]}
    await call("POST", f"{AUTH_URL}/logout", token)
    await call("POST", f"{AUTH_URL}/logout", token)
    tokens = await call("POST", f"{AUTH_URL}/login", login)
    ada = with_token(app, tokens)
    change = {"email": "new@example.org", "current_password": PASSWORD}
    await call("PATCH", ME, change, client=ada)
    await change_user(database, "new@example.org", scopes=["admin"])
    await add_user(database, "other@example.org", [ADMIN])
    url = f"/api/v1/users/{user['id']}"
    await call("PATCH", url, {"scopes": ["admin", "items:read"]}, client=ada)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await call("PUT", f"{ME}/password", change, client=ada)
    login = {"email": "new@example.org", "password": NEW_PASSWORD}
    tokens = await call("POST", f"{AUTH_URL}/login", login)
    ada = with_token(app, tokens)
    await call("DELETE", ME, {"current_password": NEW_PASSWORD}, client=ada)

    assert recorder.audited() == [
        "registered",
        "login_failed",
        "login_succeeded",
        "refresh_reuse",
        "login_succeeded",
        "logout",
        "login_succeeded",
        "email_changed",
        "account_administered",
        "password_changed",
        "login_succeeded",
        "account_deleted",
    ]
    for event in recorder.events:
        assert event["request_id"]
        if event["event"] != "request":
            assert event["user_id"] == user["id"], event
        if event["event"] == "login_failed":
            assert event["reason"] == "wrong_password"
        if event["event"] in {"login_failed", "refresh_reuse"}:
            assert event["level"] == "warning"
            assert event["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    "body",
    [
        {"email": "new@example.org", "current_password": WRONG_PASSWORD},
        {"email": "bob@example.org", "current_password": PASSWORD},
    ],
)
@pytest.mark.usefixtures("bob")
async def test_what_did_not_happen_is_not_on_record(
    alice: Client,
    recorder: Recorder,
    body: dict[str, str],
) -> None:
    await recorder.call("PATCH", ME, body, client=alice)
    await recorder.call("DELETE", ME, {"current_password": ""}, client=alice)
    assert recorder.audited() == []


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("bob@example.org", "disabled_account"),
        ("nobody@example.org", "unknown_account"),
    ],
)
@pytest.mark.usefixtures("bob")
async def test_why_a_login_failed_is_on_record_and_not_in_the_answer(
    database: Database,
    recorder: Recorder,
    email: str,
    reason: str,
) -> None:
    await change_user(database, "bob@example.org", is_active=False)
    login = {"email": email, "password": PASSWORD}
    await recorder.call("POST", f"{AUTH_URL}/login", login)
    assert recorder.audited() == ["login_failed"]
    assert recorder.events[0]["reason"] == reason
    (answer,) = recorder.answers
    assert reason not in answer.text
