"""Who calls in the tests: nobody is asked who they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client import Client


@pytest.fixture
def alice(client: Client) -> Client:
    """Return a client that may use the API."""
    return client


def credentials(
    _server_url: str, _directory: Path, _database_url: str
) -> dict[str, str]:
    """Return the headers of a caller of the server at that address."""
    return {}
