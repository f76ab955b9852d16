"""The API's blueprints, in the order in which they are documented."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import api_keys, items
from app.api.dependencies import limit_requests

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.before_request(limit_requests)
blueprint.register_blueprint(api_keys.blueprint)
blueprint.register_blueprint(items.blueprint)


def add_routes(app: Flask) -> None:
    """Add all routes of the API."""
    app.register_blueprint(blueprint)
