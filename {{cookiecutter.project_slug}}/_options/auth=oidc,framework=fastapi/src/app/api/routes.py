"""Add the routes of the API, and the objects that authenticate callers."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI

from app.api.dependencies import limit_requests
from app.api.v1 import ROUTERS
from app.auth.authenticator import Authenticator
from app.auth.provider import Provider, discovery_url


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API, and the objects for authentication."""
    settings = app.state.settings.auth
    app.state.identity_provider = Provider(settings.issuer)
    app.state.authenticator = Authenticator(settings, app.state.identity_provider)
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
    _document_provider(app, discovery_url(settings.issuer))


def _document_provider(app: FastAPI, url: str) -> None:
    """Add the URL of the provider to the OpenAPI document."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document["components"]["securitySchemes"]["oidc"]["openIdConnectUrl"] = url
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual does
