"""Work after the response cannot use the request's session."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import StreamingResponse
from sqlalchemy import text

from app.api.dependencies import SessionDep
from app.core.database import Database
from app.core.database.sessions import SessionEndedError
from app.main import create_app
from tests.client import connect
from tests.settings import make_settings

router = APIRouter()


async def count(session: SessionDep) -> int:
    found: int = await session.scalar(text("SELECT 1"))
    return found


@router.post("/tasks")
async def start_task(session: SessionDep, tasks: BackgroundTasks) -> None:
    tasks.add_task(count, session)


@router.get("/stream")
async def stream(session: SessionDep) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        yield str(await count(session))

    return StreamingResponse(lines())


@pytest.mark.parametrize(("method", "path"), [("POST", "/tasks"), ("GET", "/stream")])
async def test_the_pool_stays_whole(
    migrated_url: str, method: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"url": migrated_url, "pool_size": 2, "pool_timeout": 0.1}
    app = create_app(make_settings(migrated_url, database=few))
    app.include_router(router)
    client = connect(app)
    for _ in range(3):  # more than there are connections
        await client.request(method, path)
    database: Database = app.state.database
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await database.dispose()
    assert SessionEndedError.__name__ in capsys.readouterr().out
