from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app import NAME, VERSION
from app.core.database import Database
from app.core.server import DRAINING
from tests.client import Client, connect, make_app
from tests.problems import assert_is_problem
from tests.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


async def test_a_live_process_says_so(client: Client) -> None:
    response = await client.get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert "connection" not in response.headers


async def test_a_ready_service_names_what_it_has_checked(client: Client) -> None:
    response = await client.get("/health/ready")
    assert response.status_code == 200
    checks = response.json()["checks"]
    assert checks["database"] == "ok"
    assert response.json() == {"status": "ok", "checks": dict.fromkeys(checks, "ok")}


async def test_health_is_readiness_with_name_and_version(client: Client) -> None:
    response = await client.get("/health")
    assert response.status_code == 200
    readiness = await client.get("/health/ready")
    assert response.json() == readiness.json() | {"name": NAME, "version": VERSION}


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_a_service_without_its_database_is_alive_but_not_ready(
    absent_url: str, path: str
) -> None:
    settings = make_settings(absent_url)
    database = Database(settings.database)
    client = connect(make_app(settings, database))
    response = await client.get(path)
    live = await client.get("/health/live")
    await database.dispose()
    assert_is_problem(response, 503)
    assert "database" in response.json()["detail"]
    assert int(response.headers["retry-after"]) >= 1
    assert live.status_code == 200


@pytest.fixture
def draining() -> Iterator[None]:
    """Let the process be about to stop."""
    DRAINING.set()
    yield
    DRAINING.clear()


@pytest.mark.usefixtures("draining")
@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_a_draining_service_is_not_ready(path: str, client: Client) -> None:
    response = await client.get(path)
    assert_is_problem(response, 503)
    assert int(response.headers["retry-after"]) >= 1


@pytest.mark.usefixtures("draining")
async def test_a_draining_service_answers_and_ends_connections(client: Client) -> None:
    response = await client.get("/health/live")
    assert response.status_code == 200
    assert response.headers["connection"] == "close"
