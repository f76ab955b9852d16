"""Claims that providers may send in unusual forms."""

from __future__ import annotations

from typing import Any
from uuid import RFC_4122

import pytest

from app.auth.identity import identity_of, principal_id, scopes_of

ISSUER = "https://issuer.example"
READ, BOTH = {"items:read"}, {"items:read", "items:write"}


def test_an_id_is_a_uuid_of_version_8() -> None:
    made = principal_id(ISSUER, "alice")
    assert (made.version, made.variant) == (8, RFC_4122)


def test_spaces_and_another_provider_make_another_id() -> None:
    pairs = [
        (ISSUER, "alice"),
        (ISSUER, "alice "),
        ("https://other.example", "alice"),
    ]
    assert len({principal_id(*pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("claim", ["id", "name"])
def test_other_claims_make_nobody_another(claim: str) -> None:
    claims = {"iss": ISSUER, "sub": "alice", claim: "bob"}
    assert identity_of(claims, "").id == principal_id(ISSUER, "alice")


@pytest.mark.parametrize(
    ("claims", "roles_claim", "scopes"),
    [
        ({"scope": "openid items:read items:write"}, "", BOTH),
        ({"scope": "  items:read   "}, "", READ),
        ({"scope": "items:readx xitems:read ITEMS:READ"}, "", set()),
        ({"scope": None}, "", set()),
        ({"scope": {"items:read": True}}, "", set()),
        ({"scope": ["items:read", 1, None, ["admin"]]}, "", READ),
        ({"scp": "items:read items:write"}, "", BOTH),
        ({"scope": "items:read", "scp": ["items:write"]}, "", BOTH),
        ({"roles": ["admin"], "scope": "items:read"}, "roles", {"admin", *READ}),
        ({"realm_access": {"roles": ["items:read"]}}, "realm_access", set()),
        ({"realm_access": ["items:read"]}, "realm_access.roles", set()),
        ({"realm_access": {}}, "realm_access.roles", set()),
        ({"": ["admin"]}, "", set()),
        ({"a": {"b.c": {"d": ["admin"]}}}, "a.b.c.d", {"admin"}),
        ({"a.b": {"c.d": ["admin"]}}, "a.b.c.d", {"admin"}),
        ({"a": {"b": {"c": {"d": ["admin"]}}, "b.c": None}}, "a.b.c.d", {"admin"}),
        ({"a": {"b": ["admin"]}, "a.b": ["items:read"]}, "a.b", READ),
        ({"a": {"b": ["admin"]}}, "a.bc", set()),
        ({"a": {"b": ["admin"]}}, "a..b", set()),
        ({"ab": {"c": ["admin"]}}, "a.b.c", set()),
    ],
)
def test_only_whole_names_of_scopes_count(
    claims: dict[str, Any], roles_claim: str, scopes: set[str]
) -> None:
    assert scopes_of(claims, roles_claim) == scopes
