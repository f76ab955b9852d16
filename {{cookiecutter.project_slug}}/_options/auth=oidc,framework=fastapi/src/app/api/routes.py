"""Add the routes of the API, and the objects that limit and authenticate callers."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI

from app.api.dependencies import limit_requests
from app.api.v1 import ROUTERS
from app.auth.authenticator import Authenticator
from app.auth.provider_cache import Provider, discovery_url
from app.core.rate_limit import RateLimiter


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API, and the objects for limits and authentication."""
    settings = app.state.settings
    app.state.rate_limiter = RateLimiter(settings.rate_limit)
    provider = app.state.identity_provider = Provider(settings.auth.issuer)
    app.state.needed.append("identity_provider")
    app.state.authenticator = Authenticator(settings.auth, provider)
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
    _document_provider(app, discovery_url(settings.auth.issuer))


def _document_provider(app: FastAPI, url: str) -> None:
    """Add the URL of the provider to the OpenAPI document."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document["components"]["securitySchemes"]["oidc"]["openIdConnectUrl"] = url
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual does
