"""The application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

from app.api import docs, health
from app.api.error_handlers import register_error_handlers
from app.api.gateway import Gateway
from app.api.middleware import RequestMiddleware, note_route
from app.api.openapi import describe
from app.api.operations import read_body
from app.api.routes import add_routes
from app.core.database import Database
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]


def create_app(settings: Settings | None = None) -> Application:
    """Create the application.

    Args:
        settings: settings to use instead of those from the environment.

    Raises:
        ConfigurationError: the environment does not allow these settings.
    """
    settings = settings or load_settings()
    configure_logging(settings)
    app = Application("app", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        PROPAGATE_EXCEPTIONS=True,  # to the middleware, which responds
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.url_map.merge_slashes = False
    app.extensions["settings"] = settings
    app.extensions["database"] = Database(settings.database)
    app.extensions["needed"] = ["database"]  # what readiness checks
    app.before_request(note_route)
    app.before_request(read_body)
    register_error_handlers(app)
    app.register_blueprint(health.blueprint)
    add_routes(app)
    if settings.environment is not Environment.PRODUCTION:
        app.register_blueprint(docs.blueprint)
    app.wsgi_app = RequestMiddleware(app.wsgi_app, settings)  # type: ignore[method-assign]
    app.gateway = Gateway(app, settings)
    return app


class Application(Flask):
    """Flask, with an OpenAPI document, and the gateway that Granian calls."""

    gateway: Gateway

    def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> Awaitable[None]:
        """Handle a request that Granian received."""
        return self.gateway(scope, protocol)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return describe(self)
