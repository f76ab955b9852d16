from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

from app.core.settings import Settings
from tests.settings import REQUIRED_ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in an empty folder, with none of the developer's own settings."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.split("__")[0].lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    for name, value in REQUIRED_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    # An earlier test's application logs to what is closed by now.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    return tmp_path


@pytest.fixture
def own_database(scratch: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give commands a database without tables, and return its URL."""
    del scratch
    monkeypatch.setenv("DATABASE__URL", empty_url)
    return empty_url
