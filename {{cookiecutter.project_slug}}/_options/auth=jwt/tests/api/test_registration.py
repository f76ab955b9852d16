from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from app.core.database import Database
from app.models.user import User
from app.services.sessions import NEW_USER_SCOPES
from tests.accounts import AUTH_URL, PASSWORD, log_in, register
from tests.client import Client

REGISTER = f"{AUTH_URL}/register"
ADA = "ada@example.org"


async def count_users(database: Database) -> int:
    async with database.transaction(readonly=True) as session:
        total = await session.scalar(select(func.count()).select_from(User))
    return total or 0


async def test_a_fresh_database_has_no_accounts(database: Database) -> None:
    assert await count_users(database) == 0


async def test_a_new_account_has_every_scope_but_admin(client: Client) -> None:
    body = {"email": ADA, "password": PASSWORD, "name": "Ada"}
    response = await client.post(REGISTER, json=body)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    user = response.json()
    fields = {"id", "email", "name", "scopes", "is_active", "created_at", "updated_at"}
    assert set(user) == fields
    assert (user["email"], user["name"], user["is_active"]) == (ADA, "Ada", True)
    assert user["scopes"] == NEW_USER_SCOPES
    assert user["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("ADA@BÜCHER.example", "ada@bücher.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("Straße@example.org", "strasse@example.org"),
        ("a+b.c@example.org", "a+b.c@example.org"),
    ],
)
async def test_an_address_has_one_spelling(
    client: Client,
    sent: str,
    kept: str,
) -> None:
    response = await client.post(REGISTER, json={"email": sent, "password": PASSWORD})
    assert response.json()["email"] == kept
    for spelling in (sent, kept, sent.upper()):
        await log_in(client, spelling)


@pytest.mark.parametrize("email", [ADA, "ADA@example.org", "Ada@EXAMPLE.org"])
async def test_an_address_is_taken_once(
    client: Client,
    database: Database,
    email: str,
) -> None:
    await register(client, ADA)
    body = {"email": email, "password": "another password for tests"}
    response = await client.post(REGISTER, json=body)
    assert response.status_code == 409
    assert response.json()["code"] == "email_taken"
    assert await count_users(database) == 1
    await log_in(client, ADA)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example",
        "ada@@example.org",
        "ada@example.org ",
        "ada @example.org",
        "Ada <ada@example.org>",
        "ada@[127.0.0.1]",
        "ada\x00@example.org",
        "ada\n@example.org",
        "\ud800@example.org",
        f"{'a' * 250}@example.org",
        f"ada@{'a' * 300}.org",
        "a" * 100_000,
        None,
        1,
        [ADA],
    ],
)
async def test_what_is_no_address_is_422(client: Client, email: object) -> None:
    content = json.dumps({"email": email, "password": PASSWORD})
    headers = {"Content-Type": "application/json"}
    response = await client.post(REGISTER, content=content, headers=headers)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "email"]
    assert not isinstance(email, str) or len(email) < 5 or email not in response.text


@pytest.mark.parametrize(
    "password",
    [
        "a" * 15,
        "a" * 64 + " with spaces ",
        "a" * 128,
        "пароль из многих букв",
        "🔑" * 15,
        "a\x00b and so on and on",
    ],
)
async def test_any_text_of_fitting_length_is_a_password(
    client: Client,
    password: str,
) -> None:
    await register(client, ADA, password)
    await log_in(client, ADA, password)


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("a" * 14, "string_too_short"),
        ("", "string_too_short"),
        ("a" * 129, "string_too_long"),
        ("\ud800" * 15, "string_unicode"),
        (None, "string_type"),
        (123456789012345, "string_type"),
        ("passwordpassword", "weak_password"),
        ("PASSWORDpassword", "weak_password"),
        ("correct horse battery staple", "weak_password"),
        (ADA, "weak_password"),
        (ADA.upper(), "weak_password"),
    ],
)
async def test_any_other_password_is_422_and_not_repeated(
    client: Client,
    database: Database,
    password: str | None,
    kind: str,
) -> None:
    content = json.dumps({"email": ADA, "password": password})
    headers = {"Content-Type": "application/json"}
    response = await client.post(REGISTER, content=content, headers=headers)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "password"]
    assert error["type"] == kind
    assert not password or str(password) not in response.text
    assert await count_users(database) == 0


async def test_passwords_that_are_equal_in_their_first_72_bytes_differ(
    client: Client,
) -> None:
    await register(client, ADA, "x" * 72 + "a")
    body = {"email": ADA, "password": "x" * 72 + "b"}
    response = await client.post(f"{AUTH_URL}/login", json=body)
    assert response.status_code == 401


async def test_a_password_can_be_typed_on_any_keyboard(client: Client) -> None:
    await register(client, ADA, "caf\u00e9 au lait noir")
    await log_in(client, ADA, "cafe\u0301 au lait noir")
