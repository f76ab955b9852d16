"""Dependencies of routers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database, Session


async def get_session(request: Request) -> AsyncIterator[Session]:
    """Provide the transaction of the request."""
    database: Database = request.app.state.database
    async with database.transaction(readonly=request.method == "GET") as session:
        yield session


# scope="function" commits before the response is sent: a 2xx write is durable.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]


async def limit_requests(request: Request) -> None:
    """Count the request against the general limit of its client."""
    state = request.app.state
    rule, limiter = state.settings.rate_limit.requests, state.rate_limiter
    network = limiter.network_of(request.state.client.address)
    allowance = await limiter.hit(rule, "api", network)
    if allowance is not None:
        request.state.headers = allowance.headers
