"""Add the routes of the API, and the objects that limit and authenticate callers."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from app.api.dependencies import limit_requests
from app.api.v1 import ROUTERS
from app.auth.authenticator import Authenticator
from app.auth.credentials import AttemptLimiter, Passwords


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API, and the objects for limits and authentication."""
    settings = app.state.settings
    # One limiter for all purposes, so that there is one connection pool to close.
    app.state.rate_limiter = AttemptLimiter(settings.rate_limit)
    app.state.authenticator = Authenticator(settings.auth)
    app.state.passwords = Passwords(settings.auth)
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
