from __future__ import annotations

import socket
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.core.logging import configure_logging
from app.core.rate_limit import RateLimiter
from app.core.settings.sections import RateLimitSettings
from app.errors import TooManyRequestsError
from tests.logs import logged
from tests.settings import make_settings

pytest_plugins = ["tests.redis"]


def limiter(**settings: object) -> RateLimiter:
    return RateLimiter(RateLimitSettings.model_validate(settings))


async def test_an_allowance_shrinks_with_each_call() -> None:
    calls = limiter()
    first = await calls.hit("2/day", "api", "192.0.2.1")
    second = await calls.hit("2/day", "api", "192.0.2.1")
    assert first is not None
    assert second is not None
    assert (first.limit, first.remaining) == (2, 1)
    assert second.remaining == 0
    assert 1 <= second.reset_seconds <= 2 * 86_400


@pytest.mark.parametrize(
    "url", ["redis://redis.invalid", "rediss://u:p@[2001:db8::1]/0"]
)
async def test_a_url_of_redis_needs_no_port(url: str) -> None:
    await limiter(storage_url=url).close()


@pytest.mark.parametrize(
    ("length", "address", "network"),
    [
        (64, "2001:db8::1", "2001:db8::/64"),
        (64, "2001:db8:0:1::1", "2001:db8:0:1::/64"),
        (56, "2001:db8:0:1::1", "2001:db8::/56"),
        (128, "2001:db8::1", "2001:db8::1/128"),
        (64, "192.0.2.1", "192.0.2.1"),
        (64, "unix:", "unix:"),
        (64, "", ""),
    ],
)
def test_ipv6_is_counted_by_network(length: int, address: str, network: str) -> None:
    assert limiter(ipv6_prefix_length=length).network_of(address) == network


async def test_a_used_up_limit_refuses_and_says_when_to_come_back() -> None:
    calls = limiter()
    await calls.hit("1/day", "api", "192.0.2.1")
    with pytest.raises(TooManyRequestsError) as refusal:
        await calls.hit("1/day", "api", "192.0.2.1")
    assert 1 <= int(refusal.value.headers["Retry-After"]) <= 2 * 86_400


async def test_a_refusal_is_noted_for_audits() -> None:
    calls = limiter()
    await calls.hit("1/day", "api", "192.0.2.1")
    with capture_logs() as events, pytest.raises(TooManyRequestsError):
        await calls.hit("1/day", "api", "192.0.2.1")
    (event,) = events
    assert event == {
        "event": "rate_limited",
        "purpose": "api",
        "limit": "1/day",
        "log_level": "warning",
    }


async def test_one_address_does_not_use_up_anothers_limit() -> None:
    calls = limiter()
    await calls.hit("1/day", "api", "192.0.2.1")
    allowance = await calls.hit("1/day", "api", "192.0.2.2")
    assert allowance is not None


async def test_limits_can_be_off() -> None:
    calls = limiter(enabled=False)
    for _ in range(3):
        allowance = await calls.hit("1/day", "api", "192.0.2.1")
        assert allowance is None


async def test_without_redis_calls_are_counted_in_this_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(make_settings())
    calls = limiter(storage_url="redis://127.0.0.1:1/0")
    await calls.hit("2/day", "api", "192.0.2.1")
    await calls.hit("2/day", "api", "192.0.2.1")
    with pytest.raises(TooManyRequestsError):
        await calls.hit("2/day", "api", "192.0.2.1")
    await calls.close()
    # Asked once, then left alone for a while.
    assert [event["event"] for event in logged(capsys)] == [
        "rate_limit_storage_unavailable",
        "rate_limited",
    ]


async def test_a_redis_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        calls = limiter(storage_url=f"redis://127.0.0.1:{port}/0")
        allowance = await calls.hit("2/day", "api", "192.0.2.1")
        await calls.close()
    assert allowance is not None
    assert allowance.remaining == 1


async def test_replicas_share_a_limit_in_redis(redis_url: str) -> None:
    address = uuid4().hex
    first, second = limiter(storage_url=redis_url), limiter(storage_url=redis_url)
    await first.hit("1/day", "api", address)
    with pytest.raises(TooManyRequestsError):
        await second.hit("1/day", "api", address)
    await first.close()
    await second.close()
