from __future__ import annotations

from app.about import NAME, VERSION
from app.core.readiness import NEEDED
from tests.client import Client

CHECKS = dict.fromkeys(NEEDED, "ok")


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
