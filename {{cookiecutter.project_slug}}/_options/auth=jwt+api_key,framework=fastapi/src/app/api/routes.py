"""The API's routers, in the order in which they are documented."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from app.api import api_keys, items, sessions, users
from app.api.dependencies import limit_requests
from app.auth.attempts import AttemptLimiter
from app.auth.authenticator import Authenticator
from app.auth.passwords import Passwords

ROUTERS = (sessions.router, users.router, api_keys.router, items.router)


def add_routes(app: FastAPI) -> None:
    """Add all routes of the API, and what they need to know who is calling."""
    settings = app.state.settings
    app.state.authenticator = Authenticator(settings.auth)
    app.state.passwords = Passwords(settings.auth)
    # One limiter for all purposes, so that there is one connection pool to close.
    app.state.attempts = app.state.rate_limiter = AttemptLimiter(settings.rate_limit)
    for router in ROUTERS:
        app.include_router(
            router,
            prefix="/api/v1",
            dependencies=[Depends(limit_requests)],
        )
