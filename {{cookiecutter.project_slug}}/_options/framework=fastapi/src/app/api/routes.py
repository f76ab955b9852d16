"""Add the routes of the API, and the limiter of their requests."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from app.api.dependencies import limit_requests
from app.api.v1 import ROUTERS
from app.core.rate_limit import RateLimiter


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API, and the limiter of their requests."""
    app.state.rate_limiter = RateLimiter(app.state.settings.rate_limit)
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
