"""Health checks, for load balancers and people."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app import NAME, VERSION
from app.api.bodies import JSONRoute
from app.core.server import DRAINING
from app.errors import UnavailableError
from app.schemas.health import Health, Liveness, Readiness

router = APIRouter(prefix="/health", tags=["health"], route_class=JSONRoute)


@router.get("/live")
async def get_liveness() -> Liveness:
    """Return 200 while the process responds. Checks no dependency."""
    return Liveness()


@router.get("/ready")
async def get_readiness(request: Request) -> Readiness:
    """Return 200 if requests can be served, else 503 with the reason."""
    if DRAINING.is_set():
        raise UnavailableError("The service is shutting down.")
    needed = request.app.state.needed
    for name in needed:
        if not await getattr(request.app.state, name).is_available():
            raise UnavailableError(f"Check failed: {name}")
    return Readiness(checks=dict.fromkeys(needed, "ok"))


@router.get("")
async def get_health(request: Request) -> Health:
    """Return readiness, with the name and version of the service."""
    readiness = await get_readiness(request)
    return Health(checks=readiness.checks, name=NAME, version=VERSION)
