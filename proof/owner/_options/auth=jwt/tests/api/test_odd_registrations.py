"""Addresses and passwords of all kinds."""

from __future__ import annotations

import json

import pytest
from httpx2 import Response
from sqlalchemy import func, select

from app.core.database import Database
from app.models.user import User
from tests.accounts import AUTH_URL, PASSWORD, log_in, register
from tests.client import Client

ADA = "ada@example.org"


async def send(client: Client, email: object, password: object) -> Response:
    """Send JSON that clients do not make."""
    content = json.dumps({"email": email, "password": password})
    headers = {"Content-Type": "application/json"}
    return await client.post(f"{AUTH_URL}/register", content=content, headers=headers)


async def count_users(database: Database) -> int:
    async with database.transaction(readonly=True) as session:
        total = await session.scalar(select(func.count()).select_from(User))
    return total or 0


async def test_a_fresh_database_has_no_accounts(database: Database) -> None:
    assert await count_users(database) == 0


@pytest.mark.parametrize(
    ("sent", "other"),
    [
        ("ADA@BÜCHER.example", "ada@bücher.example"),
        ("ada@Straße.de", "Ada@XN--STRAE-OQA.de"),
        ("ada@bücher。example", "ada@bücher.example"),
        ("Jose\u0301@example.org", "JOSÉ@example.org"),
        ("a+b.c@example.org", "A+B.C@example.org"),
        ("Postmaster@example.org", "postmaster@example.org"),
        ("İ" * 64 + "@example.org", "İ" * 64 + "@EXAMPLE.org"),
    ],
)
async def test_an_address_is_kept_as_typed_and_found_in_other_spellings(
    client: Client, sent: str, other: str
) -> None:
    response = await send(client, sent, PASSWORD)
    assert response.json()["email"] == sent
    for spelling in (sent, other):
        await log_in(client, spelling)
    response = await send(client, other, PASSWORD)
    assert response.status_code == 409


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@faß.de", "ada@fass.de"),
        ("ada@βόλος.com", "ada@βόλοσ.com"),
        ("straße@example.org", "strasse@example.org"),
        ("ﬁx@example.org", "fix@example.org"),
        ("\u0131da@example.org", "ida@example.org"),
    ],
)
async def test_addresses_that_differ_in_more_than_case_are_two_accounts(
    client: Client, database: Database, one: str, other: str
) -> None:
    await register(client, one)
    body = {"email": other, "password": PASSWORD}
    refused = await client.post(f"{AUTH_URL}/login", json=body)
    assert refused.status_code == 401
    await register(client, other)
    assert await count_users(database) == 2


@pytest.mark.parametrize("email", [ADA, "Ada@EXAMPLE.org"])
async def test_an_address_is_taken_once(
    client: Client, database: Database, email: str
) -> None:
    await register(client, ADA)
    response = await send(client, email, PASSWORD)
    assert response.status_code == 409
    assert await count_users(database) == 1


@pytest.mark.parametrize(
    "email",
    [
        "@example.org",
        "ada@",
        "ada@@example.org",
        "ada@example.org ",
        "ada @example.org",
        "ada@[127.0.0.1]",
        "ada\x00@example.org",
        "ada\n@example.org",
        "\ud800@example.org",
        f"ada@{'a' * 300}.org",
        "a" * 100_000,
        None,
        [ADA],
    ],
)
async def test_what_is_no_address_is_422_and_not_repeated(
    client: Client, email: object
) -> None:
    response = await send(client, email, PASSWORD)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "email"]
    assert not isinstance(email, str) or len(email) < 5 or email not in response.text


@pytest.mark.parametrize(
    "password",
    [
        "jtxvbqwkzmhrcpd",
        "a passphrase of many words, " * 2 + "and spaces ",
        "never a dull moment " * 6 + "with you",
        "🔑🚪🏠🌳🍎🐛🐦🐈🐕🚲⛵🌊🐟🎣🔥",
        "a\x00b and so on and on",
    ],
)
async def test_any_text_of_fitting_length_is_a_password(
    client: Client, password: str
) -> None:
    await register(client, ADA, password)
    await log_in(client, ADA, password)


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("", "string_too_short"),
        ("\ud800" * 15, "string_unicode"),
        (None, "string_type"),
        (123456789012345, "string_type"),
        ("PASSWORDpassword", "weak_password"),
        ("correct horse battery staple", "weak_password"),
        (ADA, "weak_password"),
    ],
)
async def test_any_other_password_is_422_and_not_repeated(
    client: Client, database: Database, password: object, kind: str
) -> None:
    response = await send(client, ADA, password)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", "password"], kind)
    assert not password or str(password) not in response.text
    assert await count_users(database) == 0
