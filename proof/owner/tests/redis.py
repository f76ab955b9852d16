"""The Redis that tests count in: name this module in `pytest_plugins`."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def redis_url() -> str:
    """Return the URL of a Redis, which tests share: each uses keys of its own."""
    return os.environ["TEST_REDIS_URL"]
