"""The API's routers, in the order in which they are documented."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from app.api import api_keys, items
from app.api.dependencies import limit_requests

ROUTERS = (api_keys.router, items.router)


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API."""
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
