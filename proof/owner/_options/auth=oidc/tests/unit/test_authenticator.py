"""Reading the Authorization header; the provider is asked for real tokens only."""

from __future__ import annotations

import pytest

from app.auth.authenticator import Authenticator
from app.auth.errors import InvalidTokenError
from app.auth.provider_cache import Provider
from app.core.settings.auth import AuthSettings
from tests.faulty_issuer import FaultyIssuer
from tests.settings import AUTH

pytest_plugins = ["tests.faulty_issuer_fixtures"]


@pytest.fixture
def authenticator(issuer: FaultyIssuer) -> Authenticator:
    settings = AuthSettings.model_validate(AUTH | {"issuer": issuer.url})
    return Authenticator(settings, Provider(issuer.url))


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
        "Bearer ..",
        "Bearer a b",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
        "Bearer " + "a" * 50_000,
        "Bearer " + "a." * 1_000_000,
        "Basic YTpi",
        "Token",
        "é",
    ],
)
async def test_what_is_no_token_needs_no_provider_to_be_refused(
    authenticator: Authenticator,
    issuer: FaultyIssuer,
    header: str,
) -> None:
    with pytest.raises(InvalidTokenError):
        await authenticator.authenticate(header, (), client="a")
    assert not issuer.requests
