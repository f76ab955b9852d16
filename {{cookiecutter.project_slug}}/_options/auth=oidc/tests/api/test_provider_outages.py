"""What the service answers while its identity provider is away or wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Response

from app.core.settings import Settings
from tests.client import App, Client, all_at_once, connect
from tests.issuer import DISCOVERY, JWKS, Issuer, SigningKey
from tests.principals import ME, bearer
from tests.settings import AUTH, make_settings

ITEMS = "/api/v1/items"
READY = "/health/ready"


@pytest.fixture
def settings(migrated_url: str, issuer: Issuer) -> Settings:
    auth = AUTH | {"issuer": issuer.url}
    return make_settings(migrated_url, auth=auth, rate_limit={"enabled": False})


@pytest.fixture
def caller(app: App, issuer: Issuer) -> Client:
    return connect(app, **bearer(issuer.token()))


def assert_is_unavailable(response: Response) -> None:
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("fault", ["hangs up", "hangs", "fails", "is a number"])
async def test_a_service_that_starts_without_its_provider_lets_nobody_in(
    app: App,
    issuer: Issuer,
    patience: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    client, caller = connect(app), connect(app, **bearer(issuer.token()))
    monkeypatch.setattr("app.auth.provider.RETRY_SECONDS", 0)
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


async def test_a_service_that_knows_the_keys_goes_on_without_the_provider(
    issuer: Issuer, caller: Client, app: App
) -> None:
    known = await caller.get(ME)
    assert known.status_code == 200
    issuer.close()
    stranger = connect(app, **bearer(issuer.token(key=SigningKey())))
    answers = [
        await caller.get(ITEMS),
        await caller.get(READY),
        await stranger.get(ME),
        await caller.get(ME),
    ]
    assert [response.status_code for response in answers] == [200, 200, 401, 200]


async def test_a_provider_with_another_name_is_none(
    issuer: Issuer, caller: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    issuer.metadata = {"issuer": f"{issuer.url}/"}
    capsys.readouterr()
    ready = await caller.get(READY)
    assert_is_unavailable(ready)
    assert f"the provider calls itself '{issuer.url}/'" in capsys.readouterr().out
    response = await caller.get(ME)
    assert_is_unavailable(response)


async def test_a_new_key_is_accepted_at_once(issuer: Issuer, app: App) -> None:
    for _ in range(2):
        response = await connect(app, **bearer(issuer.token())).get(ME)
        assert response.status_code == 200
        issuer.rotate()
    assert issuer.requests == {DISCOVERY: 2, JWKS: 2}


async def test_random_keys_do_not_make_us_ask_the_provider_each_time(
    issuer: Issuer, app: App
) -> None:
    key = issuer.keys[0]
    for number in range(500):
        token = issuer.token(key=key, header={"kid": f"random-{number}"})
        response = await connect(app, **bearer(token)).get(ME)
        assert response.status_code == 401
    assert issuer.requests[JWKS] <= 2


async def test_others_are_served_while_somebody_waits_for_the_provider(
    issuer: Issuer, caller: Client, client: Client
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


async def test_documentation_needs_no_provider(issuer: Issuer, client: Client) -> None:
    issuer.close()
    document = await client.get("/openapi.json")
    scheme = document.json()["components"]["securitySchemes"]["oidc"]
    assert scheme["openIdConnectUrl"] == f"{issuer.url}{DISCOVERY}"
    page = await client.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert f"connect-src 'self' {issuer.origin};" in policy
