"""The caller over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.bodies import JSONRoute
from app.api.security import Caller
from app.schemas.me import Me

router = APIRouter(prefix="/me", tags=["me"], route_class=JSONRoute)


@router.get("")
async def get_me(caller: Caller) -> Me:
    """Return the caller's identity and scopes."""
    return Me.model_validate(caller)
