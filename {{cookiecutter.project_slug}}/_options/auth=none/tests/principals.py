"""Who calls in the tests: nobody is asked who they are."""

from __future__ import annotations

import pytest

from tests.client import Client


@pytest.fixture
def alice(client: Client) -> Client:
    """Return a client that may use the API."""
    return client
