"""Whether the service works, for load balancers and people."""

from __future__ import annotations

from flask import Blueprint, current_app

from app.about import NAME, VERSION
from app.api.operations import operation
from app.core.draining import DRAINING
from app.core.errors import UnavailableError
from app.core.readiness import NEEDED
from app.schemas.health import Health, Liveness, Readiness

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
@operation()
def get_liveness() -> Liveness:
    """Say that the process answers; touches nothing else."""
    return Liveness()


@blueprint.get("/ready")
@operation()
def get_readiness() -> Readiness:
    """Say that requests can be served, or name the check that fails."""
    return _readiness()


@blueprint.get("")
@operation()
def get_health() -> Health:
    """Say the same as readiness, with name and version."""
    return Health(checks=_readiness().checks, name=NAME, version=VERSION)


def _readiness() -> Readiness:
    if DRAINING.is_set():
        message = "the service is about to stop"
        raise UnavailableError(message)
    for name in NEEDED:
        if not current_app.extensions[name].is_available():
            message = f"check failed: {name}"
            raise UnavailableError(message)
    return Readiness(checks=dict.fromkeys(NEEDED, "ok"))
