"""Whom claims stand for, and what they allow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.auth.identity import identity_of, principal_id, scopes_of

ISSUER = "https://issuer.example"


def test_an_id_is_the_same_for_ever() -> None:
    # Rows refer to it: if it changes, people lose what they own.
    same = UUID("80a8846e-118a-8d49-8269-226a812ba802")
    assert principal_id(ISSUER, "alice") == same


def test_every_pair_of_issuer_and_subject_has_an_id_of_its_own() -> None:
    pairs = [
        (ISSUER, "alice"),
        (ISSUER, "Alice"),
        (ISSUER, "bob"),
        (f"{ISSUER}/", "alice"),
        (f"{ISSUER}a", "lice"),
    ]
    assert len({principal_id(*pair) for pair in pairs}) == len(pairs)


def test_nothing_else_makes_somebody_another() -> None:
    others = {"email": "bob@example.org", "preferred_username": "bob", "oid": "bob"}
    identity = identity_of({"iss": ISSUER, "sub": "alice"} | others, "")
    assert identity.id == principal_id(ISSUER, "alice")
    assert (identity.issuer, identity.subject) == (ISSUER, "alice")


@pytest.mark.parametrize(
    ("claims", "roles_claim", "scopes"),
    [
        ({}, "", set()),
        ({"scope": "openid admin"}, "", {"admin"}),
        ({"scope": "administrator"}, "", set()),
        ({"scope": ["admin", 1, None]}, "", {"admin"}),
        ({"scp": ["admin"]}, "", {"admin"}),
        ({"roles": ["admin"]}, "", set()),
        ({"roles": ["admin"]}, "roles", {"admin"}),
        ({"realm_access": {"roles": ["admin"]}}, "realm_access.roles", {"admin"}),
        ({"realm_access": None}, "realm_access.roles", set()),
        (
            {"resource_access": {"my.client": {"roles": ["admin"]}}},
            "resource_access.my.client.roles",
            {"admin"},
        ),
        ({"https://a.example/roles": ["admin"]}, "https://a.example/roles", {"admin"}),
    ],
)
def test_scopes_come_from_scope_scp_and_the_roles_claim(
    claims: dict[str, Any], roles_claim: str, scopes: set[str]
) -> None:
    assert scopes_of(claims, roles_claim) == scopes
