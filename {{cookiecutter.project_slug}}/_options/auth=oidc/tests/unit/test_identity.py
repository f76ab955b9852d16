"""Whom claims stand for, and what they allow."""

from __future__ import annotations

from typing import Any
from uuid import RFC_4122, UUID

import pytest

from app.auth.identity import identity_of, principal_id, scopes_of

ISSUER = "https://issuer.example"
READ, BOTH = {"items:read"}, {"items:read", "items:write"}


def test_an_id_is_the_same_for_ever() -> None:
    # Rows refer to it: if it changes, people lose what they own.
    same = UUID("80a8846e-118a-8d49-8269-226a812ba802")
    assert principal_id(ISSUER, "alice") == same
    assert (same.version, same.variant) == (8, RFC_4122)


def test_every_pair_of_issuer_and_subject_has_an_id_of_its_own() -> None:
    pairs = [
        (ISSUER, "alice"),
        (ISSUER, "Alice"),
        (ISSUER, "alice "),
        (ISSUER, "bob"),
        (f"{ISSUER}/", "alice"),
        ("https://other.example", "alice"),
        (f"{ISSUER}a", "lice"),
    ]
    assert len({principal_id(*pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("claim", ["email", "preferred_username", "oid", "id", "name"])
def test_nothing_else_makes_somebody_another(claim: str) -> None:
    claims = {"iss": ISSUER, "sub": "alice", claim: "bob@example.org"}
    identity = identity_of(claims, "")
    assert identity.id == principal_id(ISSUER, "alice")
    assert (identity.issuer, identity.subject) == (ISSUER, "alice")


@pytest.mark.parametrize(
    ("claims", "roles_claim", "scopes"),
    [
        ({}, "", set()),
        ({"scope": "openid items:read items:write"}, "", BOTH),
        ({"scope": "items:read"}, "", READ),
        ({"scope": "  items:read   "}, "", READ),
        ({"scope": ["items:read"]}, "", READ),
        ({"scope": "items:readx xitems:read ITEMS:READ"}, "", set()),
        ({"scope": None}, "", set()),
        ({"scope": {"items:read": True}}, "", set()),
        ({"scope": ["items:read", 1, None, ["admin"]]}, "", READ),
        ({"scp": "items:read items:write"}, "", BOTH),
        ({"scp": ["items:read", "items:write"]}, "", BOTH),
        ({"scope": "items:read", "scp": ["items:write"]}, "", BOTH),
        ({"scope": "admin"}, "", {"admin"}),
        ({"roles": ["items:read"]}, "", set()),
        ({"roles": ["items:read"]}, "roles", READ),
        ({"roles": ["admin"], "scope": "items:read"}, "roles", {"admin", *READ}),
        ({"realm_access": {"roles": ["items:read"]}}, "realm_access.roles", READ),
        ({"realm_access": {"roles": ["items:read"]}}, "realm_access", set()),
        ({"realm_access": ["items:read"]}, "realm_access.roles", set()),
        ({"realm_access": None}, "realm_access.roles", set()),
        ({"realm_access": {}}, "realm_access.roles", set()),
        ({"https://a.example/roles": ["items:read"]}, "https://a.example/roles", READ),
        ({"": ["admin"]}, "", set()),
    ],
)
def test_scopes_come_from_scope_scp_and_the_roles_claim(
    claims: dict[str, Any], roles_claim: str, scopes: set[str]
) -> None:
    assert scopes_of(claims, roles_claim) == scopes
