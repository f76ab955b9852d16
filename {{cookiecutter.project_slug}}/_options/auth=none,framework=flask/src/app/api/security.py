"""Who may call: everybody."""

from __future__ import annotations

from typing import Annotated

from app.api.operations import Given
from app.auth import ANONYMOUS, Principal


def current_principal() -> Principal:
    """Return the one principal that there is."""
    return ANONYMOUS


Reader = Annotated[Principal, Given(current_principal)]
Writer = Reader
