"""The API's blueprints, in the order in which they are documented."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import items, sessions, users
from app.api.dependencies import limit_requests
from app.auth.attempts import AttemptLimiter
from app.auth.authenticator import Authenticator
from app.auth.passwords import Passwords

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.before_request(limit_requests)
blueprint.register_blueprint(sessions.blueprint)
blueprint.register_blueprint(users.blueprint)
blueprint.register_blueprint(items.blueprint)


def add_routes(app: Flask) -> None:
    """Add all routes of the API, and what they need to know who is calling."""
    settings = app.extensions["settings"]
    app.extensions["authenticator"] = Authenticator(settings.auth)
    app.extensions["passwords"] = Passwords(settings.auth)
    # One limiter for all purposes, so that there is one connection pool.
    limiter = AttemptLimiter(settings.rate_limit)
    app.extensions["attempts"] = app.extensions["rate_limiter"] = limiter
    app.register_blueprint(blueprint)
