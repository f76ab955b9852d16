"""Reading the Authorization header; the provider is asked for real tokens only."""

from __future__ import annotations

import pytest

from app.auth.authenticator import Authenticator
from app.auth.errors import (
    InsufficientScopeError,
    InvalidTokenError,
    NotAuthenticatedError,
)
from app.auth.identity import principal_id
from app.auth.provider import Provider
from app.core.errors import BadRequestError
from app.core.settings.auth import AuthSettings
from app.scopes.items import ITEMS_READ
from tests.issuer import Issuer
from tests.settings import AUTH


@pytest.fixture
def authenticator(issuer: Issuer) -> Authenticator:
    settings = AuthSettings.model_validate(AUTH | {"issuer": issuer.url})
    return Authenticator(settings, Provider(issuer.url))


async def test_nothing_is_not_a_bad_token(authenticator: Authenticator) -> None:
    with pytest.raises(NotAuthenticatedError):
        await authenticator.authenticate(None, (), client="a")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer é",
        "Bearer é.é.é",
        "Bearer \udcff",
        "Bearer \0",
        "Bearer a.b.c",
        "Bearer " + "a." * 1_000_000,
        "Basic YTpi",
        "Token",
        "é",
    ],
)
async def test_what_is_no_token_needs_no_provider_to_be_refused(
    authenticator: Authenticator,
    issuer: Issuer,
    header: str,
) -> None:
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(header, (), client="a")
    assert issuer.connections == 0


async def test_two_headers_are_one_too_many(
    authenticator: Authenticator,
    issuer: Issuer,
) -> None:
    header = f"Bearer {issuer.token()}"
    with pytest.raises(BadRequestError):
        await authenticator.authenticate(f"{header},{header}", (), client="a")


@pytest.mark.parametrize("held", ["items:read", "items:read admin", "admin"])
async def test_a_scope_is_held_by_itself_or_by_administrators(
    authenticator: Authenticator,
    issuer: Issuer,
    held: str,
) -> None:
    header = f"Bearer {issuer.token(claims={'scope': held})}"
    needed = [ITEMS_READ]
    identity = await authenticator.authenticate(header, needed, client="a")
    assert identity.id == principal_id(issuer.url, "alice")


@pytest.mark.parametrize("held", ["", "items:write", "items:readx", "openid"])
async def test_a_scope_that_is_not_held_is_refused_by_name(
    authenticator: Authenticator,
    issuer: Issuer,
    held: str,
) -> None:
    header = f"Bearer {issuer.token(claims={'scope': held})}"
    with pytest.raises(InsufficientScopeError) as refusal:
        await authenticator.authenticate(header, [ITEMS_READ], client="a")
    challenge = refusal.value.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope", scope="items:read"' in challenge
