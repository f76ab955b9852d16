"""Asking a provider for its keys, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.auth import provider_cache as module
from app.auth.provider_cache import Provider, ProviderUnavailableError, discovery_url
from tests.client import all_at_once
from tests.faulty_issuer import FAULTS, ODDITIES, FaultyIssuer
from tests.issuer import DISCOVERY, JWKS, SigningKey

pytest_plugins = ["tests.faulty_issuer_fixtures"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return a clock that moves when it is told to."""
    clock = SimpleNamespace(now=1000.0)
    time: Any = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(module, "time", time)
    return clock


@pytest.fixture
def provider(issuer: FaultyIssuer) -> Provider:
    return Provider(issuer.url)


async def knows(provider: Provider, key: SigningKey) -> bool:
    found = await provider.key_for(key.kid, key.algorithm)
    return found is not None


async def is_unavailable(provider: Provider, key: SigningKey) -> bool:
    try:
        await provider.key_for(key.kid, key.algorithm)
    except ProviderUnavailableError as error:
        return int(error.headers["Retry-After"]) >= 1
    return False


async def test_the_provider_is_asked_once(
    issuer: FaultyIssuer,
    provider: Provider,
) -> None:
    for _ in range(3):
        assert await knows(provider, issuer.keys[0])
        assert await provider.is_available()
    assert issuer.requests == {DISCOVERY: 1, JWKS: 1}


async def test_all_who_come_at_once_wait_for_one_answer(
    issuer: FaultyIssuer, provider: Provider
) -> None:
    async def ask() -> bool:
        return await knows(provider, issuer.keys[0])

    assert await all_at_once([ask] * 20) == [True] * 20
    assert issuer.requests == {DISCOVERY: 1, JWKS: 1}


async def test_a_new_key_is_asked_for_at_once(
    issuer: FaultyIssuer,
    provider: Provider,
) -> None:
    old = issuer.keys[0]
    assert await knows(provider, old)
    new = issuer.rotate()
    with capture_logs() as events:
        assert await knows(provider, new)
        assert await knows(provider, old)
    assert issuer.requests[JWKS] == 2
    (event,) = events
    assert event["event"] == "identity_provider_keys_changed"
    assert event["kids"] == [new.kid, old.kid]


async def test_all_who_bring_a_new_key_wait_for_one_answer(
    issuer: FaultyIssuer, provider: Provider
) -> None:
    assert await knows(provider, issuer.keys[0])
    new = issuer.rotate()

    async def ask() -> bool:
        return await knows(provider, new)

    assert await all_at_once([ask] * 20) == [True] * 20
    assert issuer.requests[JWKS] == 2


async def test_unknown_keys_are_asked_for_once_in_a_while(
    issuer: FaultyIssuer, provider: Provider, clock: SimpleNamespace
) -> None:
    for number in range(500):
        assert await provider.key_for(f"random-{number}", "ES256") is None
    assert issuer.requests[JWKS] == 2
    new = issuer.rotate()
    clock.now += 29.9
    assert not await knows(provider, new)
    clock.now += 0.1
    assert await knows(provider, new)
    assert issuer.requests[JWKS] == 3


async def test_a_withdrawn_key_is_forgotten(
    issuer: FaultyIssuer, provider: Provider, clock: SimpleNamespace
) -> None:
    old = issuer.keys[0]
    assert await knows(provider, old)
    issuer.keys = [SigningKey()]
    clock.now += 299.9
    assert await knows(provider, old)
    clock.now += 0.1
    assert not await knows(provider, old)


@pytest.mark.parametrize("fault", FAULTS)
async def test_keys_stay_good_while_the_provider_is_away(
    issuer: FaultyIssuer,
    clock: SimpleNamespace,
    patience: Callable[[float], None],
    fault: str,
) -> None:
    old, provider = issuer.keys[0], Provider(issuer.url)
    assert await knows(provider, old)
    patience(0.1)
    new = issuer.rotate()
    issuer.faults[""] = fault
    clock.now += 300
    assert await knows(provider, old)
    assert not await knows(provider, new)
    assert await provider.is_available()
    patience(3)
    issuer.faults.clear()
    clock.now += 30
    assert await knows(provider, new)


async def test_keys_stay_good_for_a_day_while_the_provider_is_away(
    issuer: FaultyIssuer, provider: Provider, clock: SimpleNamespace
) -> None:
    key = issuer.keys[0]
    assert await knows(provider, key)
    issuer.faults[""] = "fails"
    clock.now += 24 * 60 * 60 - 0.1
    assert await knows(provider, key)
    clock.now += 0.1
    assert await is_unavailable(provider, key)
    assert not await provider.is_available()
    issuer.faults.clear()
    clock.now += 2
    assert await knows(provider, key)


@pytest.mark.parametrize("oddity", ODDITIES)
async def test_a_provider_that_answers_oddly_is_understood(
    issuer: FaultyIssuer, provider: Provider, oddity: str
) -> None:
    issuer.faults[""] = oddity
    assert await knows(provider, issuer.keys[0])
    assert await provider.origins() == [issuer.origin]


async def test_the_order_of_keys_is_no_change(
    issuer: FaultyIssuer, provider: Provider, clock: SimpleNamespace
) -> None:
    issuer.rotate()
    assert await knows(provider, issuer.keys[0])
    issuer.keys.reverse()
    clock.now += 300
    with capture_logs() as events:
        assert await knows(provider, issuer.keys[0])
    assert issuer.requests[JWKS] == 2
    assert events == []


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize("fault", FAULTS)
async def test_without_keys_nothing_can_be_said_until_the_provider_is_back(
    issuer: FaultyIssuer,
    clock: SimpleNamespace,
    patience: Callable[[float], None],
    fault: str,
    path: str,
) -> None:
    key, provider = issuer.keys[0], Provider(issuer.url)
    patience(0.1)
    issuer.faults[path] = fault
    with capture_logs() as events:
        assert await is_unavailable(provider, key)
        assert not await provider.is_available()
        assert await provider.origins() == [issuer.origin]
    # It is not asked again on every request.
    assert issuer.requests[path] == 1
    assert [event["event"] for event in events] == ["identity_provider_unavailable"]
    patience(3)
    issuer.faults.clear()
    clock.now += 2
    assert await knows(provider, key)
    assert await provider.is_available()


async def test_a_provider_that_nobody_hears_is_unavailable(
    issuer: FaultyIssuer,
) -> None:
    issuer.close()
    assert await is_unavailable(Provider(issuer.url), issuer.keys[0])


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "{url}/"},
        {"issuer": "{url}".upper()},
        {"issuer": None},
        {"issuer": ["{url}"]},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "data:application/json,{}"},
        {"jwks_uri": "ftp://127.0.0.1/keys"},
        {"jwks_uri": "//127.0.0.1/keys"},
        {"jwks_uri": "http://[::1/keys"},
        {"jwks_uri": "http://127.0.0.1:port/keys"},
        {"jwks_uri": "http://127.0.0.1\r\nX: 1/keys"},
        {"jwks_uri": "nowhere"},
        {"jwks_uri": ""},
    ],
    ids=str,
)
async def test_a_provider_that_describes_itself_wrongly_is_unavailable(
    issuer: FaultyIssuer,
    provider: Provider,
    metadata: dict[str, Any],
) -> None:
    issuer.metadata = {
        name: value.replace("{url}", issuer.url) if isinstance(value, str) else value
        for name, value in metadata.items()
    }
    with capture_logs() as events:
        assert await is_unavailable(provider, issuer.keys[0])
    (event,) = events
    assert event["event"] == "identity_provider_unavailable"
    assert event["log_level"] == "error"
    assert event["reason"]
    assert event["issuer"] == issuer.url


async def test_a_slash_at_the_end_belongs_to_the_name_and_not_to_the_address() -> None:
    issuer = FaultyIssuer(slash="/")
    assert await knows(Provider(issuer.url), issuer.keys[0])
    with capture_logs() as events:
        assert await is_unavailable(Provider(issuer.origin), issuer.keys[0])
    assert f"the provider calls itself '{issuer.url}'" in events[0]["reason"]
    issuer.close()


async def test_keys_of_a_provider_with_tls_are_fetched_with_tls_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "https://issuer.example"
    published: dict[str, dict[str, Any]] = {
        discovery_url(url): {"issuer": url, "jwks_uri": "http://issuer.example/keys"},
        "http://issuer.example/keys": {"keys": [SigningKey("a").jwk()]},
        "https://issuer.example/keys": {"keys": [SigningKey("a").jwk()]},
    }
    monkeypatch.setattr(module, "fetch_json", published.__getitem__)
    with pytest.raises(ProviderUnavailableError):
        await Provider(url).key_for("a", "ES256")
    published["HTTPS://issuer.example/keys"] = published["https://issuer.example/keys"]
    for address in ("https://issuer.example/keys", "HTTPS://issuer.example/keys"):
        published[discovery_url(url)]["jwks_uri"] = address
        assert await Provider(url).key_for("a", "ES256") is not None


async def test_a_redirection_is_not_followed(
    issuer: FaultyIssuer,
    provider: Provider,
) -> None:
    issuer.faults[JWKS] = "moves"
    assert await is_unavailable(provider, issuer.keys[0])
    assert set(issuer.requests) == {DISCOVERY, JWKS}


async def test_proxies_of_the_environment_are_for_others(
    issuer: FaultyIssuer, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await knows(provider, issuer.keys[0])


async def test_browsers_may_call_the_provider_and_where_it_hands_out_tokens(
    issuer: FaultyIssuer, provider: Provider
) -> None:
    assert await provider.origins() == [issuer.origin]
    issuer.metadata = {"token_endpoint": "https://tokens.example:8443/a/token"}
    expected = [issuer.origin, "https://tokens.example:8443"]
    assert await Provider(issuer.url).origins() == expected
    for endpoint in (
        None,
        "http://[",
        "https://a.example; script-src *",
        "//b.example",
    ):
        issuer.metadata = {"token_endpoint": endpoint}
        assert await Provider(issuer.url).origins() == [issuer.origin]
