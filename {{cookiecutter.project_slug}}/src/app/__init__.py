"""The service's own name, description and version."""

from __future__ import annotations

import tomllib
from importlib import metadata, resources

_service = tomllib.loads(
    resources.files("app").joinpath("service.toml").read_text(encoding="utf-8"),
)

NAME: str = _service["name"]
DESCRIPTION: str = _service["description"]
DISTRIBUTION: str = _service["distribution"]
VERSION: str = metadata.version(DISTRIBUTION)
