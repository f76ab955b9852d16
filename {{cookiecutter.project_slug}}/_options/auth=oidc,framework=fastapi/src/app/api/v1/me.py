"""The caller over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.security import Caller
from app.schemas.me import Me

router = APIRouter(prefix="/me", tags=["me"])


@router.get("")
async def get_me(caller: Caller) -> Me:
    """Say who the caller is, and what they may do."""
    return Me.model_validate(caller)
