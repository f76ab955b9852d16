"""A table that another session holds, and a server that is asked for it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from sqlalchemy import text

from app.models.base import Base
from tests.environment import environment
from tests.postgresql import locked, only_postgresql
from tests.principals import credentials
from tests.processes import SECONDS
from tests.servers import Server, serving
from tests.statements import execute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

ITEMS = "/api/v1/items"
MANY = 80  # as many as Flask has threads, and more than there are connections


@pytest.fixture
def url(migrated_url: str) -> Iterator[str]:
    """Give the URL of a database that others commit to, emptied after the test."""
    yield migrated_url
    tables = reversed(Base.metadata.sorted_tables)
    execute(migrated_url, *(table.delete() for table in tables))


@contextmanager
def calling(server: Server) -> Iterator[httpx2.Client]:
    headers = credentials(server.url, server.directory, server.database)
    with httpx2.Client(
        base_url=server.url,
        headers=headers,
        timeout=SECONDS,
    ) as client:
        yield client


def create(client: httpx2.Client) -> httpx2.Response:
    return client.post(ITEMS, json={"name": "chair"})


@only_postgresql
def test_a_request_does_not_wait_for_a_locked_table_until_its_statement_times_out(
    tmp_path: Path, url: str
) -> None:
    statement_timeout = str(10 * SECONDS)
    settings = environment(
        DATABASE__URL=url, DATABASE__STATEMENT_TIMEOUT=statement_timeout
    )
    with (
        serving(tmp_path, settings) as server,
        calling(server) as client,
        ThreadPoolExecutor(MANY) as threads,
    ):
        with locked(url, "items"):
            answers = list(threads.map(create, [client] * MANY))
        created = create(client)
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert created.status_code == 201


@only_postgresql
def test_others_are_served_while_requests_wait_for_a_locked_table(
    tmp_path: Path, url: str
) -> None:
    patience = str(10 * SECONDS)
    settings = environment(
        DATABASE__URL=url,
        DATABASE__POOL_TIMEOUT=patience,
        DATABASE__LOCK_TIMEOUT=patience,
        DATABASE__STATEMENT_TIMEOUT=patience,
    )
    with (
        serving(tmp_path, settings) as server,
        calling(server) as client,
        ThreadPoolExecutor(MANY) as threads,
        locked(url, "items") as release,
    ):

        def wait_for_half() -> list[Future[httpx2.Response]]:
            return [threads.submit(create, client) for _ in range(MANY // 2)]

        waiting = wait_for_half()
        wait_until_blocked(url)
        for path in ("/health/live", "/health/ready", "/openapi.json"):
            assert client.get(path).status_code == 200
        waiting += wait_for_half()
        for _ in range(20):
            assert client.get("/health/live").status_code == 200
        assert not any(answer.done() for answer in waiting)
        release()
        statuses = {answer.result().status_code for answer in waiting}
    assert statuses == {201}


def wait_until_blocked(url: str) -> None:
    """Wait until each connection of the server's pool waits for the table."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + SECONDS
    while execute(url, query) != [(10,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
