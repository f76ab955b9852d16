"""Add the routes of the API, and the limiter of their requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from app.api.dependencies import limit_requests
from app.api.v1 import BLUEPRINTS
from app.core.rate_limit import RateLimiter

if TYPE_CHECKING:
    from flask import Flask


def add_routes(app: Flask) -> None:
    """Add all routes of the API, and the limiter of their requests."""
    settings = app.extensions["settings"]
    app.extensions["rate_limiter"] = RateLimiter(settings.rate_limit)
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    blueprint.before_request(limit_requests)
    for resource in BLUEPRINTS:
        blueprint.register_blueprint(resource)
    app.register_blueprint(blueprint)
