"""Who may call: everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.auth import ANONYMOUS, Principal


async def current_principal() -> Principal:
    """Return the one principal that there is."""
    return ANONYMOUS


Reader = Annotated[Principal, Depends(current_principal)]
Writer = Reader
