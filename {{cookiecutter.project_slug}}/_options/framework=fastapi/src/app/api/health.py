"""Whether the service works, for load balancers and people."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app.about import NAME, VERSION
from app.core.draining import DRAINING
from app.core.errors import UnavailableError
from app.core.readiness import NEEDED
from app.schemas.health import Health, Liveness, Readiness

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def get_liveness() -> Liveness:
    """Say that the process answers; touches nothing else."""
    return Liveness()


@router.get("/ready")
async def get_readiness(request: Request) -> Readiness:
    """Say that requests can be served, or name the check that fails."""
    if DRAINING.is_set():
        message = "the service is about to stop"
        raise UnavailableError(message)
    for name in NEEDED:
        if not await getattr(request.app.state, name).is_available():
            message = f"check failed: {name}"
            raise UnavailableError(message)
    return Readiness(checks=dict.fromkeys(NEEDED, "ok"))


@router.get("")
async def get_health(request: Request) -> Health:
    """Say the same as readiness, with name and version."""
    readiness = await get_readiness(request)
    return Health(checks=readiness.checks, name=NAME, version=VERSION)
