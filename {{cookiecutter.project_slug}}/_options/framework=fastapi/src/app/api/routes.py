"""Add the routes of the API."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from app.api.dependencies import limit_requests
from app.api.v1 import ROUTERS


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API."""
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
