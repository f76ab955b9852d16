from __future__ import annotations

from uuid import uuid4

import pytest

from app.auth.credentials import AttemptLimiter
from app.core.settings.sections import RateLimitSettings
from app.errors import TooManyRequestsError

pytest_plugins = ["tests.redis"]

RULE = "1/day"


def limiter(storage_url: str = "memory://") -> AttemptLimiter:
    return AttemptLimiter(
        RateLimitSettings.model_validate({"storage_url": storage_url}),
    )


async def test_a_test_counts_nothing() -> None:
    attempts = limiter()
    for _ in range(2):
        await attempts.test(RULE, "login", "ada")
    await attempts.hit(RULE, "login", "ada")
    with pytest.raises(TooManyRequestsError):
        await attempts.test(RULE, "login", "ada")


async def test_a_success_starts_the_count_anew() -> None:
    attempts = limiter()
    await attempts.hit(RULE, "login", "ada")
    with pytest.raises(TooManyRequestsError):
        await attempts.hit(RULE, "login", "ada")
    await attempts.forget(RULE, "login", "ada")
    assert await attempts.hit(RULE, "login", "ada")


async def test_a_success_leaves_the_counts_of_others_as_they_are() -> None:
    attempts = limiter()
    await attempts.hit(RULE, "login", "ada")
    await attempts.forget(RULE, "login", "bob")
    with pytest.raises(TooManyRequestsError):
        await attempts.hit(RULE, "login", "ada")


async def test_without_redis_a_success_starts_the_count_of_this_process_anew() -> None:
    attempts = limiter("redis://127.0.0.1:1/0")
    await attempts.hit(RULE, "login", "ada")
    await attempts.forget(RULE, "login", "ada")
    assert await attempts.hit(RULE, "login", "ada")
    await attempts.close()


async def test_replicas_learn_of_a_success(redis_url: str) -> None:
    account = uuid4().hex
    here, there = limiter(redis_url), limiter(redis_url)
    await here.hit(RULE, "login", account)
    await there.forget(RULE, "login", account)
    assert await here.hit(RULE, "login", account)
    for attempts in (here, there):
        await attempts.close()
