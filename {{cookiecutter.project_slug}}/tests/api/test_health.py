from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.about import NAME, VERSION
from app.core.readiness import NEEDED
from app.core.server import DRAINING
from tests.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = dict.fromkeys(NEEDED, "ok")


@pytest.fixture
def draining() -> Iterator[None]:
    """Let the process be about to stop."""
    DRAINING.set()
    yield
    DRAINING.clear()


async def test_a_live_process_says_so(client: Client) -> None:
    response = await client.get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


async def test_a_ready_service_names_what_it_has_checked(client: Client) -> None:
    response = await client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": CHECKS}


async def test_health_is_readiness_with_name_and_version(client: Client) -> None:
    response = await client.get("/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": CHECKS,
        "name": NAME,
        "version": VERSION,
    }


@pytest.mark.usefixtures("draining")
@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_a_draining_service_is_not_ready(path: str, client: Client) -> None:
    response = await client.get(path)
    assert response.status_code == 503
    assert response.json()["code"] == "service_unavailable"
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.usefixtures("draining")
async def test_a_draining_service_is_alive(client: Client) -> None:
    response = await client.get("/health/live")
    assert response.status_code == 200


@pytest.mark.usefixtures("draining")
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/nowhere"])
async def test_a_draining_service_ends_connections(path: str, client: Client) -> None:
    response = await client.get(path)
    assert response.headers["connection"] == "close"


@pytest.mark.usefixtures("draining")
async def test_a_draining_service_does_what_it_is_asked(alice: Client) -> None:
    response = await alice.post("/api/v1/items", json={"name": "x"})
    assert response.status_code == 201
    assert response.headers["connection"] == "close"


async def test_any_other_service_keeps_connections(client: Client) -> None:
    response = await client.get("/health/live")
    assert "connection" not in response.headers
