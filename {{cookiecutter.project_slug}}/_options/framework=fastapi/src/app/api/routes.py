"""The API's routers, in the order in which they are documented."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api import items
from app.api.dependencies import limit_requests

router = APIRouter(prefix="/api/v1", dependencies=[Depends(limit_requests)])
router.include_router(items.router)
