"""A provider of each test's own; name this module in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faulty_issuer import FaultyIssuer


@pytest.fixture
def issuer() -> Iterator[FaultyIssuer]:
    """Give a provider of the test's own, which may fail."""
    issuer = FaultyIssuer()
    yield issuer
    issuer.close()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets for how many seconds the provider is waited for."""

    def wait_for(seconds: float) -> None:
        monkeypatch.setattr("app.auth.provider_cache.FETCH_SECONDS", seconds)
        monkeypatch.setattr("app.auth.http_client.FETCH_SECONDS", seconds)

    return wait_for
