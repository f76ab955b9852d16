"""Health checks, for load balancers and people."""

from __future__ import annotations

from flask import Blueprint, current_app

from app import NAME, VERSION
from app.api.operations import operation
from app.core.server import DRAINING
from app.errors import UnavailableError
from app.schemas.health import Health, Liveness, Readiness

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
@operation()
def get_liveness() -> Liveness:
    """Return 200 while the process responds. Checks no dependency."""
    return Liveness()


@blueprint.get("/ready")
@operation()
def get_readiness() -> Readiness:
    """Return 200 if requests can be served, else 503 with the reason."""
    return _readiness()


@blueprint.get("")
@operation()
def get_health() -> Health:
    """Return readiness, with the name and version of the service."""
    return Health(checks=_readiness().checks, name=NAME, version=VERSION)


def _readiness() -> Readiness:
    if DRAINING.is_set():
        raise UnavailableError("The service is shutting down.")
    needed = current_app.extensions["needed"]
    for name in needed:
        if not current_app.extensions[name].is_available():
            raise UnavailableError(f"Check failed: {name}")
    return Readiness(checks=dict.fromkeys(needed, "ok"))
