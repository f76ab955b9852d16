"""What routers are given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database, Session
from app.core.http import Client
from app.core.rate_limit import RateLimiter
from app.core.settings import Settings


async def get_settings(request: Request) -> Settings:
    """Return the settings that the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def get_database(request: Request) -> Database:
    """Return the application's database."""
    database: Database = request.app.state.database
    return database


async def get_client(request: Request) -> Client:
    """Return who is at the other end."""
    client: Client = request.state.client
    return client


async def get_rate_limiter(request: Request) -> RateLimiter:
    """Return the application's rate limiter."""
    limiter: RateLimiter = request.app.state.rate_limiter
    return limiter


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
ClientDep = Annotated[Client, Depends(get_client)]
RateLimiterDep = Annotated[RateLimiter, Depends(get_rate_limiter)]


async def get_session(
    request: Request, database: DatabaseDep
) -> AsyncIterator[Session]:
    """Give the request its transaction."""
    readonly = request.method == "GET"
    async with database.transaction(readonly=readonly) as session:
        yield session


# scope="function" commits before the response leaves: a 2xx means that it is durable.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]


async def limit_requests(
    request: Request,
    settings: SettingsDep,
    limiter: RateLimiterDep,
    client: ClientDep,
) -> None:
    """Count the request against its address's general limit."""
    allowance = await limiter.hit(settings.rate_limit.requests, "api", client.address)
    if allowance is not None:
        request.state.headers = allowance.headers
