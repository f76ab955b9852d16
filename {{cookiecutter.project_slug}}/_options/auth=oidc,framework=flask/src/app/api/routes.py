"""Add the routes of the API, and the objects that limit and authenticate callers."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api.dependencies import limit_requests
from app.api.v1 import BLUEPRINTS
from app.auth.authenticator import Authenticator
from app.auth.provider_cache import Provider
from app.core.rate_limit import RateLimiter


def add_routes(app: Flask) -> None:
    """Add all routes of the API, and the objects for limits and authentication."""
    settings = app.extensions["settings"]
    app.extensions["rate_limiter"] = RateLimiter(settings.rate_limit)
    provider = app.extensions["identity_provider"] = Provider(settings.auth.issuer)
    app.extensions["needed"].append("identity_provider")
    app.extensions["authenticator"] = Authenticator(settings.auth, provider)
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    blueprint.before_request(limit_requests)
    for resource in BLUEPRINTS:
        blueprint.register_blueprint(resource)
    app.register_blueprint(blueprint)
