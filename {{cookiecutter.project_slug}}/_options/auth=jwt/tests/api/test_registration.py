from __future__ import annotations

import pytest

from app.services.sessions import NEW_USER_SCOPES
from tests.accounts import AUTH_URL, PASSWORD, log_in, register
from tests.client import Client

REGISTER = f"{AUTH_URL}/register"
ADA = "ada@example.org"


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
    ("sent", "other"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
    ],
)
async def test_an_address_is_kept_as_typed_and_is_the_same_in_other_spellings(
    client: Client, sent: str, other: str
) -> None:
    response = await client.post(REGISTER, json={"email": sent, "password": PASSWORD})
    assert response.json()["email"] == sent
    for spelling in (sent, other, sent.upper()):
        await log_in(client, spelling)
    body = {"email": other, "password": "another password for tests"}
    response = await client.post(REGISTER, json=body)
    assert response.status_code == 409
    assert response.json()["code"] == "email_taken"
    await log_in(client, sent)


async def test_an_address_in_another_domain_is_another_account(client: Client) -> None:
    addresses = ("ada@straße.de", "ada@strasse.de")
    ids = {await register(client, address) for address in addresses}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@example", "Ada <ada@example.org>", f"{'a' * 250}@example.org", 1],
)
async def test_what_is_no_address_is_422(client: Client, email: object) -> None:
    body = {"email": email, "password": PASSWORD}
    response = await client.post(REGISTER, json=body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "email"]


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("a" * 14, "string_too_short"),
        ("a" * 129, "string_too_long"),
        ("passwordpassword", "weak_password"),
        (ADA.upper(), "weak_password"),
    ],
)
async def test_a_bad_password_is_422_and_not_repeated(
    client: Client, password: str, kind: str
) -> None:
    response = await client.post(REGISTER, json={"email": ADA, "password": password})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", "password"], kind)
    assert password not in response.text
