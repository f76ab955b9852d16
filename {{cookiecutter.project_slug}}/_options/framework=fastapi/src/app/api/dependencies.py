"""What routers are given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database, Session


async def get_session(request: Request) -> AsyncIterator[Session]:
    """Give the request its transaction."""
    database: Database = request.app.state.database
    async with database.transaction(readonly=request.method == "GET") as session:
        yield session


# scope="function" commits before the response leaves: a 2xx means that it is durable.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]


async def limit_requests(request: Request) -> None:
    """Count the request against its address's general limit."""
    state = request.app.state
    rule, address = state.settings.rate_limit.requests, request.state.client.address
    allowance = await state.rate_limiter.hit(rule, "api", address)
    if allowance is not None:
        request.state.headers = allowance.headers
