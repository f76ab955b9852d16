"""The API's blueprints, in the order in which they are documented."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import items, me
from app.api.dependencies import limit_requests
from app.auth.authenticator import Authenticator
from app.auth.provider import Provider

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.before_request(limit_requests)
blueprint.register_blueprint(me.blueprint)
blueprint.register_blueprint(items.blueprint)


def add_routes(app: Flask) -> None:
    """Add all routes of the API, and what they need to know who is calling."""
    settings = app.extensions["settings"].auth
    provider = app.extensions["identity_provider"] = Provider(settings.issuer)
    app.extensions["authenticator"] = Authenticator(settings, provider)
    app.register_blueprint(blueprint)
