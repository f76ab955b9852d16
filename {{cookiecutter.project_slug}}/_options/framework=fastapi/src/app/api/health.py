"""Whether the service works, for load balancers and people."""

from __future__ import annotations

from fastapi import APIRouter

from app.about import NAME, VERSION
from app.api.dependencies import DatabaseDep
from app.core.errors import UnavailableError
from app.schemas.health import Health, Liveness, Readiness

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def get_liveness() -> Liveness:
    """Say that the process answers; touches nothing else."""
    return Liveness()


@router.get("/ready")
async def get_readiness(database: DatabaseDep) -> Readiness:
    """Say that requests can be served, or name the check that fails."""
    if not await database.is_available():
        message = "check failed: database"
        raise UnavailableError(message)
    return Readiness(checks={"database": "ok"})


@router.get("")
async def get_health(database: DatabaseDep) -> Health:
    """Say the same as readiness, with name and version."""
    readiness = await get_readiness(database)
    return Health(checks=readiness.checks, name=NAME, version=VERSION)
