"""The application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from app import DESCRIPTION, NAME, VERSION
from app.api import docs, health
from app.api.bodies import BodyLimitMiddleware
from app.api.error_handlers import register_error_handlers
from app.api.middleware import RequestMiddleware
from app.api.problems import with_problems
from app.api.routes import add_routes
from app.core.database import Database
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the application.

    Args:
        settings: settings to use instead of those from the environment.

    Raises:
        ConfigurationError: the environment does not allow these settings.
    """
    settings = settings or load_settings()
    configure_logging(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await app.state.database.dispose()
        await app.state.rate_limiter.close()

    app = _Application(
        title=NAME,
        description=DESCRIPTION,
        version=VERSION,
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        lifespan=lifespan,
        openapi_url=None,
        generate_unique_id_function=attrgetter("name"),
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.database = Database(settings.database)
    app.state.needed = ["database"]  # what readiness checks
    app.add_middleware(BodyLimitMiddleware, settings=settings)
    app.add_middleware(RequestMiddleware, settings=settings)
    register_error_handlers(app)
    app.include_router(health.router)
    add_routes(app)
    if settings.environment is not Environment.PRODUCTION:
        app.include_router(docs.router)
    return app


class _Application(FastAPI):
    """FastAPI, with problem details in its OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = with_problems(super().openapi())
        return self.openapi_schema
