"""The documentation page signs in with the provider."""

from __future__ import annotations

import re

import pytest

from app.core.database import Database
from app.core.settings import Settings
from tests.client import Client, connect, make_app
from tests.faulty_issuer import FaultyIssuer
from tests.settings import AUTH, make_settings

pytest_plugins = ["tests.faulty_issuer_fixtures"]

SIGNED_IN = "/docs/signed-in"


@pytest.fixture
def settings(migrated_url: str, issuer: FaultyIssuer) -> Settings:
    auth = AUTH | {"issuer": issuer.url, "client_id": 'docs"page'}
    return make_settings(migrated_url, auth=auth, rate_limit={"enabled": False})


async def test_the_page_may_call_the_provider_and_nobody_else(
    client: Client, issuer: FaultyIssuer
) -> None:
    issuer.metadata = {"token_endpoint": "https://tokens.example/a/token"}
    page = await client.get("/docs")
    policy = page.headers["content-security-policy"]
    sources = f"'self' {issuer.origin} https://tokens.example"
    assert f"; connect-src {sources}; img-src 'self' data:;" in policy
    assert policy.count("http") == 2


async def test_the_page_signs_in_with_a_code_that_only_it_can_use(
    client: Client,
) -> None:
    script = await client.get("/docs/init.js")
    assert 'clientId: "docs\\"page",' in script.text
    assert 'scopes: "openid",' in script.text
    assert "usePkceWithAuthorizationCodeGrant: true," in script.text
    assert "clientSecret" not in script.text
    assert "oauth2RedirectUrl: `${location.origin}/docs/signed-in`," in script.text


async def test_signing_in_works_behind_a_prefix(
    database: Database, migrated_url: str, issuer: FaultyIssuer
) -> None:
    auth = AUTH | {"issuer": issuer.url}
    settings = make_settings(migrated_url, auth=auth, root_path="/shop")
    client = connect(make_app(settings, database))
    script = await client.get("/docs/init.js")
    assert "oauth2RedirectUrl: `${location.origin}/shop/docs/signed-in`," in script.text
    page = await client.get(SIGNED_IN)
    assert '<script src="/shop/docs/signed-in.js">' in page.text


async def test_who_has_signed_in_comes_back_to_a_page_of_ours(client: Client) -> None:
    page = await client.get(f"{SIGNED_IN}?code=secret&state=a")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "connect-src 'self';" in policy
    assert "secret" not in page.text
    assert re.findall(r"<script(?! src=)|\son\w+=|javascript:", page.text) == []
    (source,) = re.findall(r'<script src="(/[^"]+)"', page.text)
    script = await client.get(source)
    assert script.headers["content-type"].startswith("text/javascript")
    assert "swaggerUIRedirectOauth2" in script.text
