"""What the service answers while its identity provider is away or wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Response

from app.core.settings import Settings
from tests.client import App, Client, all_at_once, connect
from tests.faulty_issuer import FaultyIssuer
from tests.issuer import DISCOVERY, JWKS
from tests.principals import ME, bearer
from tests.settings import AUTH, make_settings

pytest_plugins = ["tests.faulty_issuer_fixtures"]

ITEMS = "/api/v1/items"
READY = "/health/ready"


@pytest.fixture
def settings(migrated_url: str, issuer: FaultyIssuer) -> Settings:
    auth = AUTH | {"issuer": issuer.url}
    return make_settings(migrated_url, auth=auth, rate_limit={"enabled": False})


@pytest.fixture
def caller(app: App, issuer: FaultyIssuer) -> Client:
    return connect(app, **bearer(issuer.token()))


def assert_is_unavailable(response: Response) -> None:
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("fault", ["hangs up", "hangs", "fails", "is a number"])
async def test_a_service_that_starts_without_its_provider_lets_nobody_in(
    app: App,
    issuer: FaultyIssuer,
    patience: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    client, caller = connect(app), connect(app, **bearer(issuer.token()))
    monkeypatch.setattr("app.auth.provider_cache.RETRY_SECONDS", 0)
    patience(0.1)
    issuer.faults[""] = fault
    for path in (ME, ITEMS):
        response = await caller.get(path)
        assert_is_unavailable(response)
        assert response.json()["code"] == "identity_provider_unavailable"
    ready = await client.get(READY)
    assert_is_unavailable(ready)
    assert ready.json()["detail"] == "Check failed: identity_provider"
    # What needs no provider goes on.
    live, anonymous = await client.get("/health/live"), await client.get(ME)
    assert (live.status_code, anonymous.status_code) == (200, 401)
    patience(3)
    issuer.faults.clear()
    for path in (ME, ITEMS, READY):
        response = await caller.get(path)
        assert response.status_code == 200


async def test_others_are_served_while_somebody_waits_for_the_provider(
    issuer: FaultyIssuer, caller: Client, client: Client
) -> None:
    issuer.faults[JWKS] = "waits"

    async def wait() -> Response:
        return await caller.get(ME)

    async def serve_others() -> Response:
        response = await client.get("/health/live")
        issuer.released.set()
        return response

    waited, served = await all_at_once([wait, serve_others])
    assert (waited.status_code, served.status_code) == (200, 200)


async def test_documentation_needs_no_provider(
    issuer: FaultyIssuer,
    client: Client,
) -> None:
    issuer.close()
    document = await client.get("/openapi.json")
    scheme = document.json()["components"]["securitySchemes"]["oidc"]
    assert scheme["openIdConnectUrl"] == f"{issuer.url}{DISCOVERY}"
    page = await client.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert f"connect-src 'self' {issuer.origin};" in policy
