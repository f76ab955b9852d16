"""What the service answers when its identity provider changes keys, or is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.database import Database
from app.core.settings import Settings
from tests.client import App, Client, connect, make_app
from tests.issuer import Issuer, SigningKey
from tests.principals import ME, bearer
from tests.settings import AUTH, make_settings


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a provider of the test's own."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def settings(migrated_url: str, issuer: Issuer) -> Settings:
    return make_settings(migrated_url, auth=AUTH | {"issuer": issuer.url})


async def test_a_new_key_of_the_provider_is_accepted_at_once(
    app: App, issuer: Issuer
) -> None:
    for _ in range(2):
        response = await connect(app, **bearer(issuer.token())).get(ME)
        assert response.status_code == 200
        issuer.keys.insert(0, SigningKey())


async def test_known_keys_stay_good_while_the_provider_is_away(
    app: App, issuer: Issuer
) -> None:
    caller = connect(app, **bearer(issuer.token()))
    known = await caller.get(ME)
    issuer.close()
    still = await caller.get(ME)
    assert (known.status_code, still.status_code) == (200, 200)


async def test_without_keys_nobody_is_let_in(
    app: App, client: Client, issuer: Issuer
) -> None:
    issuer.close()
    response = await connect(app, **bearer(issuer.token())).get(ME)
    assert response.status_code == 503
    assert response.json()["code"] == "identity_provider_unavailable"
    assert int(response.headers["retry-after"]) >= 1
    ready = await client.get("/health/ready")
    assert ready.json()["detail"] == "Check failed: identity_provider"
    live = await client.get("/health/live")
    assert live.status_code == 200


@pytest.mark.parametrize("path", ["/", "/realms/another"])
async def test_a_provider_with_another_name_is_none(
    database: Database, migrated_url: str, issuer: Issuer, path: str
) -> None:
    auth = AUTH | {"issuer": f"{issuer.url}{path}"}
    app = make_app(make_settings(migrated_url, auth=auth), database)
    response = await connect(app, **bearer(issuer.token())).get(ME)
    assert response.status_code == 503
